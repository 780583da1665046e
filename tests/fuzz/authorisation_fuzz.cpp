// The answer of an application to the question who may enter: what is accepted is within its
// limits.
#include <cstdlib>

#include "protocol/webhook/authorisation.hpp"
#include "protocol/webhook/event.hpp"
#include "tests/fuzz/fuzz_target.hpp"

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace troupe;
  const std::string_view text = as_text({data, size});
  if (const auto answer = webhook::read_authorisation(text)) {
    require(answer->rights.size() <= webhook::answered_rights_max);
    for (const std::string& each : answer->rights)
      require(each.size() <= webhook::answered_word_size_max);
    require(answer->user.size() <= webhook::answered_user_size_max);
    require(answer->token_id.size() <= webhook::answered_token_id_size_max);
    require(answer->cache_for.count() >= 0);
  }
  // The details of an announcement come from the disk.
  webhook::event read;
  webhook::read_details(text, read);
  require(read.by.users.size() <= webhook::authors::count_max);
  return 0;
}
