// A TCP proxy between clients and a server whose connections can die without the server's knowing, as when a laptop
// changes its network: the client sees its connection end, the server hears nothing more, and nobody answers its pings.
import net from 'node:net';

export class half_open_proxy {
  #pairs = [];

  /** Resolves to a proxy in front of `port`, which is stopped behind the test. */
  static async before(port, context) {
    const proxy = new half_open_proxy();
    proxy.listener = net.createServer((client) => proxy.#accept(client, port));
    await new Promise((resolve) => proxy.listener.listen(0, '127.0.0.1', resolve));
    proxy.url = `ws://127.0.0.1:${proxy.listener.address().port}`;
    context.after(() => {
      proxy.listener.close();
      for (const { client, server } of proxy.#pairs) {
        client.destroy();
        server.destroy();
      }
    });
    return proxy;
  }

  #accept(client, port) {
    const pair = { client, server: net.connect(port, '127.0.0.1'), is_cut: false };
    this.#pairs.push(pair);
    for (const [from, to] of [[client, pair.server], [pair.server, client]]) {
      from.on('data', (bytes) => pair.is_cut || to.write(bytes));
      from.on('error', () => {}); // a 'close' always follows
      from.on('close', () => pair.is_cut || to.destroy());
    }
  }

  /** Cuts what is connected now. Returns what ends these connections for the server, too. */
  cut() {
    const cut = this.#pairs.filter((pair) => !pair.is_cut);
    for (const pair of cut) {
      pair.is_cut = true;
      pair.client.destroy();
    }
    return () => cut.forEach(({ server }) => server.destroy());
  }
}
