#include "app/cluster/certificates.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <memory>
#include <string_view>
#include <utility>

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "app/cluster/durable_file.hpp"
#include "app/cluster/identity.hpp"
#include "base/printable.hpp"
#include "protocol/cluster/node_address.hpp"

namespace troupe::cluster {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t pem_size_bytes_max = 64 * 1024;
constexpr long day_seconds = 24 * 60 * 60;
constexpr long authority_days = 3650;
constexpr long node_days = 730;
constexpr long version_3 = 2;

template <auto Free>
struct freed_by {
  template <class T>
  void operator()(T* what) const {
    Free(what);
  }
};
using key_ptr = std::unique_ptr<EVP_PKEY, freed_by<EVP_PKEY_free>>;
using certificate_ptr = std::unique_ptr<X509, freed_by<X509_free>>;
using memory_ptr = std::unique_ptr<BIO, freed_by<BIO_free>>;
using extension_ptr = std::unique_ptr<X509_EXTENSION, freed_by<X509_EXTENSION_free>>;

/// A certificate and its key.
struct pair {
  certificate_ptr certificate;
  key_ptr key;
};

tl::unexpected<failure> refuse(const std::string& path, std::string_view why) {
  return fail(errc::invalid_config, in_single_quotes(path) + std::string{why});
}

tl::unexpected<failure> library_failed() {
  return fail(errc::storage_failed, "OpenSSL makes no certificate");
}

bool add_extension(X509& to, X509V3_CTX& context, int kind, const char* value) {
  const extension_ptr made{X509V3_EXT_nconf_nid(nullptr, &context, kind, value)};
  return made && X509_add_ext(&to, made.get(), -1) == 1;
}

struct extension {
  int kind;
  std::string value;
};

/// Signs a certificate for a new key. `signer`: null: it signs itself.
result<pair> make_pair(const std::string& name, long days, const std::vector<extension>& extensions,
                       const pair* signer) {
  pair made{certificate_ptr{X509_new()}, key_ptr{EVP_EC_gen("P-256")}};
  if (!made.certificate || !made.key) return library_failed();
  X509& to = *made.certificate;
  TROUPE_ASSIGN(const std::uint64_t random, make_random_number());
  X509_set_version(&to, version_3);
  ASN1_INTEGER_set_uint64(X509_get_serialNumber(&to), random >> 1 | 1);
  // An hour ago, since clocks differ.
  X509_gmtime_adj(X509_getm_notBefore(&to), -3600);
  X509_gmtime_adj(X509_getm_notAfter(&to), days * day_seconds);
  X509_set_pubkey(&to, made.key.get());
  X509_NAME_add_entry_by_txt(X509_get_subject_name(&to), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  X509& issuer = signer == nullptr ? to : *signer->certificate;
  X509_set_issuer_name(&to, X509_get_subject_name(&issuer));
  X509V3_CTX context;
  X509V3_set_ctx(&context, &issuer, &to, nullptr, nullptr, 0);
  X509V3_set_ctx_nodb(&context);
  const bool has_all = std::ranges::all_of(extensions, [&](const extension& each) {
    return add_extension(to, context, each.kind, each.value.c_str());
  });
  EVP_PKEY* const by = signer == nullptr ? made.key.get() : signer->key.get();
  if (!has_all || X509_sign(&to, by, EVP_sha256()) == 0) return library_failed();
  return made;
}

std::string text_in(BIO& memory) {
  char* at = nullptr;
  const long size = BIO_get_mem_data(&memory, &at);
  return {at, static_cast<std::size_t>(size)};
}

result<std::string> pem_of(X509& certificate) {
  const memory_ptr memory{BIO_new(BIO_s_mem())};
  if (!memory || PEM_write_bio_X509(memory.get(), &certificate) == 0) return library_failed();
  return text_in(*memory);
}

result<std::string> pem_of(EVP_PKEY& key) {
  const memory_ptr memory{BIO_new(BIO_s_mem())};
  if (!memory ||
      PEM_write_bio_PrivateKey(memory.get(), &key, nullptr, nullptr, 0, nullptr, nullptr) == 0)
    return library_failed();
  return text_in(*memory);
}

enum class readable : std::uint16_t { by_all = 0644, by_owner = 0600 };

/// Requires: it must not be there, whoever made it meanwhile.
result<void> write_new(const std::string& path, std::string_view text, readable who) {
  const int to = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                        static_cast<mode_t>(who));
  if (to < 0 && errno == EEXIST) return refuse(path, " is there already");
  if (to < 0)
    return fail(errc::storage_failed, in_single_quotes(path) + ": " + std::strerror(errno));
  const bool is_written =
      ::write(to, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  const int error = errno;
  ::close(to);
  if (is_written) return {};
  ::unlink(path.c_str());
  return fail(error == ENOSPC ? errc::disk_full : errc::storage_failed,
              in_single_quotes(path) + ": " + std::strerror(error));
}

class certificate_maker {
 public:
  explicit certificate_maker(std::string directory) : directory_(std::move(directory)) {}

  result<void> find_authority() {
    const std::string certificate = path_of(authority_certificate_name);
    const std::string key = path_of(authority_key_name);
    if (!fs::exists(certificate) && !fs::exists(key)) return make_authority(certificate, key);
    TROUPE_ASSIGN(const auto certificate_pem, read_small_file(certificate, pem_size_bytes_max));
    TROUPE_ASSIGN(const auto key_pem, read_small_file(key, pem_size_bytes_max));
    if (!certificate_pem) return refuse(certificate, " is missing, and its key is there");
    if (!key_pem) return refuse(key, " is missing, and its certificate is there");
    const memory_ptr of_certificate{
        BIO_new_mem_buf(certificate_pem->data(), static_cast<int>(certificate_pem->size()))};
    const memory_ptr of_key{BIO_new_mem_buf(key_pem->data(), static_cast<int>(key_pem->size()))};
    // An empty passphrase: nobody is asked for one on the terminal.
    char none[] = "";
    authority_.certificate.reset(PEM_read_bio_X509(of_certificate.get(), nullptr, nullptr, none));
    authority_.key.reset(PEM_read_bio_PrivateKey(of_key.get(), nullptr, nullptr, none));
    if (!authority_.certificate) return refuse(certificate, " is no certificate in PEM");
    if (!authority_.key) return refuse(key, " is no private key in PEM without a passphrase");
    if (X509_check_private_key(authority_.certificate.get(), authority_.key.get()) != 1)
      return refuse(key, " is not the key of " + in_single_quotes(certificate));
    return {};
  }

  result<void> make_node(const std::string& name) {
    TROUPE_ASSIGN(
        const pair made,
        make_pair(name, node_days,
                  {{NID_basic_constraints, "critical,CA:FALSE"},
                   {NID_key_usage, "critical,digitalSignature"},
                   {NID_ext_key_usage, "serverAuth,clientAuth"},
                   {NID_subject_alt_name, "DNS:" + name + ",DNS:localhost,IP:127.0.0.1,IP:::1"},
                   {NID_subject_key_identifier, "hash"},
                   {NID_authority_key_identifier, "keyid"}},
                  &authority_));
    return write(made, path_of(name + ".pem"), path_of(name + ".key"));
  }

  std::string path_of(const std::string& name) const {
    return (fs::path{directory_} / name).string();
  }
  std::vector<std::string> written() && { return std::move(written_); }

 private:
  result<void> make_authority(const std::string& certificate, const std::string& key) {
    TROUPE_ASSIGN(authority_, make_pair("troupe cluster authority", authority_days,
                                        {{NID_basic_constraints, "critical,CA:TRUE,pathlen:0"},
                                         {NID_key_usage, "critical,keyCertSign,cRLSign"},
                                         {NID_subject_key_identifier, "hash"}},
                                        nullptr));
    return write(authority_, certificate, key);
  }

  result<void> write(const pair& made, const std::string& certificate, const std::string& key) {
    TROUPE_ASSIGN(const std::string key_pem, pem_of(*made.key));
    TROUPE_ASSIGN(const std::string certificate_pem, pem_of(*made.certificate));
    TROUPE_TRY(write_new(key, key_pem, readable::by_owner));
    written_.push_back(key);
    TROUPE_TRY(write_new(certificate, certificate_pem, readable::by_all));
    written_.push_back(certificate);
    return {};
  }

  std::string directory_;
  pair authority_;
  std::vector<std::string> written_;
};

result<void> check_names(const certificate_order& order) {
  for (auto at = order.nodes.begin(); at != order.nodes.end(); ++at) {
    if (const auto good = check_node_name(*at); !good || *at == "ca")
      return refuse(*at, ": the name of a node " +
                             (good ? std::string{"must not be ca"} : good.error().detail));
    if (std::find(order.nodes.begin(), at, *at) != at) return refuse(*at, " is named twice");
  }
  return {};
}

}  // namespace

result<std::vector<std::string>> make_certificates(const certificate_order& order) {
  TROUPE_TRY(check_names(order));
  certificate_maker maker{order.directory};
  for (const std::string& name : order.nodes)
    for (const char* ending : {".pem", ".key"})
      if (fs::exists(fs::symlink_status(maker.path_of(name + ending))))
        return refuse(maker.path_of(name + ending), " is there already");
  std::error_code why;
  fs::create_directories(order.directory, why);
  if (why)
    return fail(errc::storage_failed, in_single_quotes(order.directory) + ": " + why.message());
  TROUPE_TRY(maker.find_authority());
  for (const std::string& name : order.nodes) TROUPE_TRY(maker.make_node(name));
  return std::move(maker).written();
}

}  // namespace troupe::cluster
