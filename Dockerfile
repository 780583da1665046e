# Image of a node: the Debian package, built and installed in Debian 12. compose.yaml starts three of them.
#
#   docker build -t troupe .
#   docker run -p 127.0.0.1:3001:3001 -v troupe:/var/lib/troupe troupe

FROM debian:12 AS build
WORKDIR /src
COPY . .
# Packages, CAF and troupe: about ten minutes on two cores.
RUN packaging/build_deb.sh /packages

FROM debian:12-slim
# An id that orchestrators can name; the package takes the user that is there.
RUN groupadd --system --gid 10001 troupe \
 && useradd --system --uid 10001 --gid troupe --home-dir /var/lib/troupe --no-create-home --shell /usr/sbin/nologin troupe
COPY --from=build /packages /packages
RUN apt-get update \
 && apt-get install -y --no-install-recommends /packages/troupe_*.deb \
 && rm -rf /packages /var/lib/apt/lists/* \
 && install -d -o troupe -g troupe -m 0750 /var/lib/troupe /etc/troupe/certificates
USER 10001:10001
WORKDIR /var/lib/troupe
VOLUME /var/lib/troupe
# In a container, whoever runs it decides by -p who reaches the ports.
ENV TROUPE_SERVER__ADDRESS=0.0.0.0
# Clients, admin pages, other nodes.
EXPOSE 3001 3002 4101
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=6s --start-period=60s --retries=3 \
  CMD ["/usr/bin/troupe", "healthcheck", "--config", "/etc/troupe/troupe.yaml"]
ENTRYPOINT ["/usr/bin/troupe"]
CMD ["serve", "--config", "/etc/troupe/troupe.yaml"]
