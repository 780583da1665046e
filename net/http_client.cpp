#include "net/http_client.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <deque>
#include <list>
#include <mutex>
#include <thread>
#include <utility>

#include <curl/curl.h>

#include "net/private_address.hpp"

namespace troupe {

namespace {

constexpr std::size_t url_size_max = 2048;
constexpr std::chrono::milliseconds connect_timeout_max{5'000};
/// How long the thread sleeps where nothing wakes it.
constexpr int poll_ms = 1000;

template <class Handle, void (*End)(Handle*)>
struct ender {
  void operator()(Handle* of) const noexcept { End(of); }
};
using easy_handle = std::unique_ptr<CURL, ender<CURL, curl_easy_cleanup>>;
using header_list = std::unique_ptr<curl_slist, ender<curl_slist, curl_slist_free_all>>;
using url_handle = std::unique_ptr<CURLU, ender<CURLU, curl_url_cleanup>>;

struct multi_ender {
  void operator()(CURLM* of) const noexcept { curl_multi_cleanup(of); }
};

/// Once per process, before the first thread uses the library.
bool is_library_ready() {
  static const bool is_ready = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
  return is_ready;
}

/// A part of a URL; empty if it has none.
std::string part_of(CURLU* url, CURLUPart which) {
  char* text = nullptr;
  if (curl_url_get(url, which, &text, 0) != CURLUE_OK) return {};
  std::string part{text};
  curl_free(text);
  return part;
}

bool is_control(char c) noexcept { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }

bool has_control(std::string_view text) noexcept { return std::ranges::any_of(text, is_control); }

/// Of what has one of 4 or of 6.
byte_view address_bytes(const curl_sockaddr& of) noexcept {
  const auto bytes = [](const auto& field) {
    return byte_view{reinterpret_cast<const std::uint8_t*>(&field), sizeof field};
  };
  if (of.family == AF_INET) return bytes(reinterpret_cast<const sockaddr_in*>(&of.addr)->sin_addr);
  if (of.family == AF_INET6)
    return bytes(reinterpret_cast<const sockaddr_in6*>(&of.addr)->sin6_addr);
  return {};
}

/// A request on its way.
struct transfer {
  http_call call;
  http_client::on_reply then;
  easy_handle easy;
  header_list headers;
  http_reply reply;
  bool allows_private = false;
  bool was_forbidden = false;  // an address was
  bool is_too_large = false;
};

std::size_t on_body(char* bytes, std::size_t, std::size_t size, void* of) {
  auto& to = *static_cast<transfer*>(of);
  to.is_too_large = size > to.call.body_bytes_max - to.reply.body.size();
  if (to.is_too_large) return 0;
  to.reply.body.append(bytes, size);
  return size;
}

/// What the name has resolved to is known here, and is what is connected to.
curl_socket_t on_socket(void* of, curlsocktype, curl_sockaddr* address) {
  auto& to = *static_cast<transfer*>(of);
  if (!to.allows_private && is_private_address(address_bytes(*address))) {
    to.was_forbidden = true;
    return CURL_SOCKET_BAD;
  }
  return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

failure failure_of(const transfer& of, CURLcode code) {
  if (of.is_too_large)
    return {errc::request_failed,
            "the answer has more than " + std::to_string(of.call.body_bytes_max) + " bytes"};
  if (of.was_forbidden)
    return {errc::request_failed, "its address is private, and those are not allowed"};
  return {errc::request_failed, curl_easy_strerror(code)};
}

}  // namespace

result<void> check_http_url(std::string_view url) {
  const auto refuse = [](std::string_view why) { return fail(errc::invalid_config, why); };
  if (url.size() > url_size_max) return refuse("is longer than 2048 bytes");
  if (has_control(url)) return refuse("has control characters");
  if (!is_library_ready()) return fail(errc::request_failed, "cannot be read");
  const url_handle parsed{curl_url()};
  const std::string text{url};
  switch (curl_url_set(parsed.get(), CURLUPART_URL, text.c_str(), CURLU_DISALLOW_USER)) {
    case CURLUE_OK: break;
    case CURLUE_USER_NOT_ALLOWED: return refuse("names a user");
    default: return refuse("is not one such as https://app.example.com/hook");
  }
  const std::string scheme = part_of(parsed.get(), CURLUPART_SCHEME);
  if (scheme != "http" && scheme != "https") return refuse("must begin with http:// or https://");
  return {};
}

/// The thread, and what it shares with those who send.
class http_client::worker {
 public:
  explicit worker(http_client_settings settings) : settings_(std::move(settings)) {}

  result<void> start() {
    if (!is_library_ready()) return fail(errc::request_failed, "libcurl does not start");
    multi_.reset(curl_multi_init());
    if (!multi_) return fail(errc::request_failed, "libcurl does not start");
    curl_multi_setopt(multi_.get(), CURLMOPT_MAX_TOTAL_CONNECTIONS,
                      static_cast<long>(settings_.in_flight_max));
    curl_multi_setopt(multi_.get(), CURLMOPT_MAXCONNECTS,
                      static_cast<long>(settings_.in_flight_max));
    thread_ = std::thread{[this] { run(); }};
    return {};
  }

  void send(http_call call, on_reply then) {
    if (const auto good = check(call); !good) return then(tl::unexpected(good.error()));
    std::unique_lock lock{mutex_};
    const bool has_room = queue_.size() < settings_.queue_max;
    if (has_room && !is_stopping_) {
      queue_.push_back({std::move(call), std::move(then)});
      curl_multi_wakeup(multi_.get());  // under the lock: the thread ends it after stop()
      return;
    }
    const bool has_stopped = is_stopping_;
    lock.unlock();
    then(has_stopped ? fail(errc::request_failed, "the node stops")
                     : fail(errc::quota_exceeded, "too many requests wait to be sent"));
  }

  void stop() {
    {
      const std::lock_guard lock{mutex_};
      if (std::exchange(is_stopping_, true) || !multi_) return;
      curl_multi_wakeup(multi_.get());
    }
    thread_.join();
  }

 private:
  struct waiting {
    http_call call;
    on_reply then;
  };

  static result<void> check(const http_call& call) {
    TROUPE_TRY(check_http_url(call.url));
    for (const std::string& header : call.headers)
      if (has_control(header)) return fail(errc::invalid_config, "a header has control characters");
    return {};
  }

  void run() {
    while (begin_waiting()) {
      int running = 0;
      curl_multi_perform(multi_.get(), &running);
      finish_done();
      if (!has_room_and_waiting()) curl_multi_poll(multi_.get(), nullptr, 0, poll_ms, nullptr);
    }
    end_all();
  }

  bool has_room_and_waiting() {
    const std::lock_guard lock{mutex_};
    return is_stopping_ || (!queue_.empty() && in_flight_.size() < settings_.in_flight_max);
  }

  /// Begins what has room. Returns whether the thread continues.
  bool begin_waiting() {
    for (;;) {
      std::unique_lock lock{mutex_};
      if (is_stopping_) return false;
      if (queue_.empty() || in_flight_.size() >= settings_.in_flight_max) return true;
      waiting next = std::move(queue_.front());
      queue_.pop_front();
      lock.unlock();
      begin(std::move(next));
    }
  }

  void begin(waiting next) {
    transfer& one = in_flight_.emplace_back();
    one.call = std::move(next.call);
    one.then = std::move(next.then);
    one.allows_private = settings_.allows_private;
    one.easy.reset(curl_easy_init());
    if (one.easy && set_up(one) && curl_multi_add_handle(multi_.get(), one.easy.get()) == CURLM_OK)
      return;
    const on_reply then = std::move(one.then);
    in_flight_.pop_back();
    then(fail(errc::request_failed, "libcurl takes no request"));
  }

  bool set_up(transfer& one) const {
    CURL* const easy = one.easy.get();
    bool is_good = true;
    const auto set = [&](CURLoption option, auto value) {
      is_good = curl_easy_setopt(easy, option, value) == CURLE_OK && is_good;
    };
    const http_call& call = one.call;
    set(CURLOPT_URL, call.url.c_str());
    set(CURLOPT_PROTOCOLS_STR, "http,https");
    set(CURLOPT_FOLLOWLOCATION, 0L);
    set(CURLOPT_PROXY, "");  // none, whatever the environment says
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_QUICK_EXIT, 1L);  // stop() waits for no resolver
    set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
    set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    set(CURLOPT_USERAGENT, "troupe");
    set(CURLOPT_TIMEOUT_MS, static_cast<long>(call.timeout.count()));
    set(CURLOPT_CONNECTTIMEOUT_MS,
        static_cast<long>(std::min(call.timeout, connect_timeout_max).count()));
    if (!settings_.ca_file.empty()) set(CURLOPT_CAINFO, settings_.ca_file.c_str());
    set(CURLOPT_OPENSOCKETFUNCTION, &on_socket);
    set(CURLOPT_OPENSOCKETDATA, &one);
    set(CURLOPT_WRITEFUNCTION, &on_body);
    set(CURLOPT_WRITEDATA, &one);
    set(CURLOPT_PRIVATE, &one);
    if (call.method != "GET") {
      set(CURLOPT_POST, 1L);
      set(CURLOPT_POSTFIELDS, call.body.c_str());
      set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(call.body.size()));
      if (call.method != "POST") set(CURLOPT_CUSTOMREQUEST, call.method.c_str());
    }
    curl_slist* list = curl_slist_append(nullptr, "Expect:");  // no wait before the body
    for (const std::string& header : call.headers)
      if (curl_slist* const longer = curl_slist_append(list, header.c_str())) list = longer;
    one.headers.reset(list);
    set(CURLOPT_HTTPHEADER, list);
    return is_good;
  }

  void finish_done() {
    int left = 0;
    while (const CURLMsg* const message = curl_multi_info_read(multi_.get(), &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      const CURLcode code = message->data.result;
      void* of = nullptr;
      curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &of);
      finish(*static_cast<transfer*>(of), code);
    }
  }

  void finish(transfer& one, CURLcode code) {
    result<http_reply> answer = tl::unexpected(failure_of(one, code));
    if (code == CURLE_OK) {
      long status = 0;
      curl_easy_getinfo(one.easy.get(), CURLINFO_RESPONSE_CODE, &status);
      one.reply.status = static_cast<unsigned>(status);
      answer = std::move(one.reply);
    }
    const on_reply then = std::move(one.then);
    curl_multi_remove_handle(multi_.get(), one.easy.get());
    in_flight_.remove_if([&](const transfer& each) { return &each == &one; });
    then(std::move(answer));
  }

  void end_all() {
    std::vector<on_reply> unanswered;
    for (transfer& each : in_flight_) {
      curl_multi_remove_handle(multi_.get(), each.easy.get());
      unanswered.push_back(std::move(each.then));
    }
    in_flight_.clear();
    multi_.reset();
    {
      const std::lock_guard lock{mutex_};
      for (waiting& each : queue_) unanswered.push_back(std::move(each.then));
      queue_.clear();
    }
    for (const on_reply& then : unanswered) then(fail(errc::request_failed, "the node stops"));
  }

  const http_client_settings settings_;
  std::mutex mutex_;  // guards what follows
  std::deque<waiting> queue_;
  bool is_stopping_ = false;

  std::unique_ptr<CURLM, multi_ender> multi_;
  std::list<transfer> in_flight_;  // of the thread; it holds its addresses
  std::thread thread_;
};

http_client::http_client(std::unique_ptr<worker> running) : worker_(std::move(running)) {}

http_client::~http_client() { stop(); }

result<std::unique_ptr<http_client>> http_client::open(http_client_settings settings) {
  auto running = std::make_unique<worker>(std::move(settings));
  TROUPE_TRY(running->start());
  return std::unique_ptr<http_client>{new http_client{std::move(running)}};
}

void http_client::send(http_call call, on_reply then) {
  worker_->send(std::move(call), std::move(then));
}

void http_client::stop() { worker_->stop(); }

}  // namespace troupe
