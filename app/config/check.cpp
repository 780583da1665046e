#include "app/config/check.hpp"

#include <ostream>

#include "app/config/caf_options.hpp"
#include "app/config/print.hpp"
#include "base/printable.hpp"

namespace troupe {

void write_problems(std::span<const config_problem> problems, std::ostream& err) {
  for (const config_problem& problem : problems) err << printable(to_string(problem)) << '\n';
}

int check_config(const config_sources& sources, print_effective print, std::ostream& out,
                 std::ostream& err) {
  const loaded_config loaded = load_config(sources);
  const caf_config caf{loaded.settings};
  write_problems(loaded.problems, err);
  write_problems(caf.problems(), err);
  if (!loaded.problems.empty() || !caf.problems().empty()) return exit_usage;
  if (print == print_effective::no) {
    out << sources.file.value_or("") << ": ok\n";
    return 0;
  }
  std::vector<printed_value> values = printed_values(loaded.settings);
  for (printed_value& value : caf.effective_values()) values.push_back(std::move(value));
  out << "# " << sources.file.value_or("") << ": ok\n" << to_yaml(values);
  return 0;
}

}  // namespace troupe
