#include "app/inspect/tables.hpp"

#include <algorithm>
#include <initializer_list>
#include <string_view>
#include <utility>

#include "app/inspect/figures.hpp"
#include "app/inspect/width.hpp"
#include "base/printable.hpp"

namespace troupe::inspection {

namespace {

cell text(const std::string& of) { return {of.empty() ? "-" : printable(of), false}; }
/// In a column with others behind it, a long text would push those out of sight.
cell short_text(const std::string& of) {
  constexpr std::size_t places_max = 32;
  const std::string shown = printable(of.empty() ? "-" : of);
  if (width_of(shown) <= places_max) return {shown, false};
  return {std::string{beginning_of(shown, places_max)}.append("..."), false};
}
cell number(std::string of) { return {std::move(of), true}; }
cell count(std::uint64_t of) { return number(count_text(of)); }
cell size(std::uint64_t of) { return number(size_text(of)); }
cell time(std::uint64_t of) { return number(time_text(of)); }

table_row heading(std::initializer_list<const char*> texts, std::size_t numbers_from,
                  std::size_t numbers_to) {
  table_row row;
  for (const char* const each : texts) row.push_back({each, false});
  for (std::size_t i = numbers_from; i < numbers_to; ++i) row[i].is_number = true;
  return row;
}

std::string joined(const std::vector<std::string>& texts) {
  std::string all;
  for (const std::string& each : texts) all.append(all.empty() ? "" : " ").append(each);
  return all;
}

std::string put_together(std::initializer_list<std::string_view> parts) {
  std::string all;
  for (const std::string_view each : parts) all += each;
  return all;
}

/// "20 of 1,234 sessions", and how old that is.
std::string list_line(std::string_view what, std::size_t shown, const inspect_source& source) {
  std::string line = put_together({count_text(shown), " of ", count_text(source.total), " ", what});
  if (source.age > 0) line += put_together({", ", time_text(source.age), " ago"});
  if (source.is_partial) line += " (not all have answered yet)";
  return line;
}

std::string state_of(const document_row& of) {
  if (of.is_unloading) return "unloading";
  return of.is_folded ? "folded" : "open";
}

/// Which documents have not answered, as far as a line has room for them.
std::string silent_text(const std::vector<std::string>& names) {
  constexpr std::size_t names_shown = 10;
  if (names.empty()) return {};
  std::string line = put_together({"DO NOT ANSWER: ", count_text(names.size()), ": "});
  for (std::size_t i = 0; i < std::min(names.size(), names_shown); ++i)
    line.append(i == 0 ? "" : ", ").append(printable(names[i]));
  return line.append(names.size() > names_shown ? ", ...\n" : "\n");
}

/// 0: nothing was measured.
cell short_time(std::uint64_t nanoseconds) {
  return number(nanoseconds == 0 ? "-" : short_time_text(nanoseconds));
}

std::string members_text(const inspected_node& node) {
  std::vector<table_row> rows{heading(
      {"MEMBER", "ADDRESS", "ROLE", "STATE", "LAG", "QUEUED", "IN FLIGHT", "MOVED", "START"}, 4,
      9)};
  for (const member_row& each : node.members) {
    std::string state = each.state;
    if (!each.why_down.empty()) state.append(": ").append(each.why_down);
    rows.push_back({text(each.name), text(each.address), text(each.role), text(state),
                    time(each.lag), size(each.queued_bytes), size(each.in_flight_bytes),
                    count(each.moved_list), count(each.incarnation)});
  }
  return table_of(rows);
}

}  // namespace

std::string table_of(const std::vector<table_row>& rows) {
  std::vector<std::size_t> widths(rows.empty() ? 0 : rows.front().size());
  for (const table_row& each : rows)
    for (std::size_t i = 0; i < widths.size(); ++i)
      widths[i] = std::max(widths[i], width_of(each[i].text));
  std::string all;
  for (const table_row& each : rows) {
    for (std::size_t i = 0; i < widths.size(); ++i) {
      const std::size_t missing = widths[i] - width_of(each[i].text);
      const bool is_last = i + 1 == widths.size();
      if (each[i].is_number) all.append(missing, ' ');
      all += each[i].text;
      if (!each[i].is_number && !is_last) all.append(missing, ' ');
      if (!is_last) all += "  ";
    }
    all += '\n';
  }
  return all;
}

std::string node_text(const inspected_node& node) {
  std::string all = put_together({"troupe ", printable(node.program)});
  if (!node.name.empty()) all += put_together({", node '", printable(node.name), "'"});
  all +=
      put_together({", process ", std::to_string(node.process), ", up ", time_text(node.uptime),
                    "\n", count_text(node.connections), " connections, ",
                    count_text(node.open_documents), " open documents, ", count_text(node.messages),
                    " messages, ", count_text(node.running_actors), " actors\n",
                    size_text(node.memory_bytes), " of memory, ", time_text(node.cpu_time),
                    " of processor time, ", size_text(node.unstored_bytes), " not stored yet\n"});
  if (!node.storage_refusal.empty())
    all += put_together({"EDITS ARE REFUSED: ", printable(node.storage_refusal), "\n"});
  if (node.source.is_partial) all += "not all parts of the node have answered\n";
  if (node.cluster.empty()) return all;
  all += put_together({"\ncluster '", printable(node.cluster), "', member list ",
                       std::to_string(node.list_number)});
  if (!node.why_not_joined.empty())
    all += put_together({"; this node ", printable(node.why_not_joined)});
  return all.append("\n").append(members_text(node));
}

std::string actors_text(const inspected_actors& all) {
  std::vector<table_row> rows{heading(
      {"ACTOR", "ANSWERS IN", "SILENT", "MAILBOX", "MESSAGES", "HANDLING", "P99", "WAITING", "P99"},
      1, 9)};
  for (const actor_row& each : all.actors)
    rows.push_back(
        {text(each.name),
         number(each.answer == actor_row::not_known
                    ? "-"
                    : short_time_text(static_cast<std::uint64_t>(each.answer))),
         number(each.asked == 0 ? "-" : count_text(each.silent)),
         number(each.mailbox == actor_row::not_known ? "-" : std::to_string(each.mailbox)),
         number(each.messages == 0 ? "-" : count_text(each.messages)),
         short_time(each.handling_mean), short_time(each.handling_p99),
         short_time(each.waiting_mean), short_time(each.waiting_p99)});
  return count_text(all.source.total) + " actors run\n" + table_of(rows);
}

std::string documents_text(const inspected_documents& all) {
  const bool has_cluster = std::ranges::any_of(
      all.documents, [](const document_row& each) { return !each.keepers.empty(); });
  table_row top = heading({"STORED", "MEMORY", "SESSIONS", "CLIENTS", "STATE"}, 0, 4);
  if (has_cluster) top.insert(top.end(), {cell{"HOME"}, cell{"KEEPERS"}});
  top.push_back({"DOCUMENT"});
  std::vector<table_row> rows{top};
  for (const document_row& each : all.documents) {
    table_row row{size(each.state_bytes), size(each.memory_bytes), count(each.sessions),
                  count(each.client_ids), text(state_of(each))};
    if (has_cluster) row.insert(row.end(), {text(each.home), text(joined(each.keepers))});
    row.push_back(text(each.name));
    rows.push_back(std::move(row));
  }
  return list_line("open documents", all.documents.size(), all.source)
      .append("\n")
      .append(silent_text(all.silent))
      .append(table_of(rows));
}

std::string document_text(const inspected_document& of) {
  std::string state = of.is_open ? state_of(of.row) : "not open";
  if (of.is_removed) state = "removed";
  if (!of.is_open && !of.is_stored) state = "not there";
  if (of.is_silent) state = "DOES NOT ANSWER";
  std::vector<table_row> rows{{{"document"}, text(of.row.name)}, {{"state"}, {state}}};
  const auto add = [&rows](const char* what, cell value) {
    rows.push_back({{what}, {std::move(value.text)}});
  };
  if (of.is_open) {
    add("sessions", count(of.row.sessions));
    add("memory", size(of.row.memory_bytes));
    add("client ids", count(of.row.client_ids));
    add("size as stored", size(of.row.state_bytes));
  }
  if (of.is_stored) {
    add("created", {date_text(of.created_at)});
    add("changed", {date_text(of.changed_at)});
    add("updates stored", count(of.updates));
    add("checkpoint", size(of.checkpoint_bytes));
    add("log behind it", {count_text(of.log_records) + " updates, " + size_text(of.log_bytes)});
  }
  if (!of.damage.empty()) add("DAMAGE", text(of.damage));
  if (!of.row.keepers.empty()) {
    add("home", text(of.row.home));
    add("keepers", text(joined(of.row.keepers)));
  }
  return table_of(rows);
}

std::string sessions_text(const inspected_sessions& all) {
  std::vector<table_row> rows{
      heading({"SESSION", "QUEUED", "IN", "OUT", "MSG IN", "MSG OUT", "IDLE", "CONNECTED",
               "DOCUMENTS", "DIALECTS", "ADDRESS", "USER", "DOCUMENT"},
              0, 9)};
  for (const session_row& each : all.sessions)
    rows.push_back({number(std::to_string(each.id)), size(each.queued_bytes), size(each.bytes_in),
                    size(each.bytes_out), count(each.messages_in), count(each.messages_out),
                    time(each.idle), time(each.connected), count(each.documents),
                    text(each.dialects), text(each.address), short_text(each.user),
                    text(each.document)});
  return list_line("sessions", all.sessions.size(), all.source) + "; of all " +
         size_text(all.queued_bytes) + " queued, " + size_text(all.bytes_in) + " in, " +
         size_text(all.bytes_out) + " out\n" + table_of(rows);
}

std::string overview_text(const overview& all) {
  return node_text(all.node) + "\n" + sessions_text(all.sessions) + "\n" +
         documents_text(all.documents) + "\n" + actors_text(all.actors);
}

}  // namespace troupe::inspection
