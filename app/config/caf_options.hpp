// The configuration of CAF, made from ours: defaults that suit this server, then the `caf.*` keys
// of the operator, each checked against the options that CAF and its I/O module declare. CAF reads
// no caf-application.conf and no command line here, which would surprise an operator.
//
// Owner: main, which makes it after load_config. It outlives the actor_system, which refers to it.
// The constructor registers the type ids of CAF and its I/O module (not ours), since CAF cannot
// print its values without them.
#pragma once

#include <string>
#include <vector>

#include <caf/actor_system_config.hpp>

#include "app/config/config.hpp"
#include "app/config/print.hpp"

namespace troupe {

class caf_config : public caf::actor_system_config {
 public:
  explicit caf_config(const config& settings);

  /// The mistakes in the `caf.*` keys; a key with a mistake is not set.
  const std::vector<config_problem>& problems() const noexcept { return problems_; }

  /// Whether lines of the log are coloured on the console.
  bool has_colours() const noexcept { return has_colours_; }

  /// Every key below `caf.` that has a value, ours and the operator's, sorted.
  std::vector<printed_value> effective_values() const;

 private:
  void set_defaults(const config& settings);
  void set_logger_defaults();
  void take_colours();
  void set_exporter(const config& settings);
  void set_identifiers(const config& settings);
  void set_cluster_defaults(const config& settings);
  void set_exporter_defaults();
  void set_inspection_defaults();
  void apply(const caf_setting& setting);
  bool is_section(const std::string& key) const;
  std::vector<std::string> option_names() const;
  void report(const caf_setting& setting, std::string text);

  std::vector<config_problem> problems_;
  bool has_colours_ = false;
};

}  // namespace troupe
