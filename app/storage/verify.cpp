#include "app/storage/commands.hpp"
#include "base/printable.hpp"

namespace troupe {

result<storage_outcome> verify_store(const storage_request& request) {
  TROUPE_ASSIGN(const auto report, verify_directory(request.path));
  storage_outcome outcome;
  outcome.code = report.damages_in_total == 0 ? storage_sound : storage_damaged;
  if (request.as_json) {
    json::writer out;
    out.open('{').name("store").value(request.path);
    write_report(report, out);
    outcome.text = out.close('}').take() + "\n";
    return outcome;
  }
  outcome.text = report_text(report, request.path);
  if (report.damages_in_total > 0)
    outcome.text +=
        "To save what can be read: troupe storage repair " + in_single_quotes(request.path) + "\n";
  return outcome;
}

}  // namespace troupe
