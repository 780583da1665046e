#include "actors/closing_log.hpp"

#include <utility>

#include "actors/recent_refusals.hpp"

namespace troupe {

namespace {

std::string place(std::string_view document) {
  return document.empty() ? "the address /" : "document '" + std::string{document} + "'";
}

}  // namespace

std::uint64_t closing_log::count(std::string_view kind, close_reason why, std::string_view document,
                                 time_point now) {
  const std::string key =
      std::string{kind}.append(describe(why).label).append(" ").append(document);
  const std::lock_guard lock{mutex_};
  return quota_.note(key, now);
}

std::string closing_log::line_for(close_reason why, std::string_view document,
                                  std::string_view address, time_point now) {
  if (!is_refusal(why)) return {};
  const std::uint64_t closed = count("closed ", why, document, now);
  if (closed == 0) return {};
  return "a connection from " + std::string{address} + " to " + place(document) +
         " was closed: " + std::string{describe(why).label} + since_last_line(closed);
}

std::string closing_log::line_for_problem(close_reason why, std::string_view document,
                                          std::string text, time_point now) {
  const std::uint64_t met = count("problem ", why, document, now);
  return met == 0 ? std::string{} : std::move(text) + since_last_line(met);
}

std::string closing_log::line_for_return(close_reason why, std::string_view document,
                                         std::string_view address, time_point now) {
  const std::uint64_t returned = count("returned ", why, document, now);
  if (returned == 0) return {};
  return "a client from " + std::string{address} + " that was closed (" +
         std::string{describe(why).label} + ") comes back to " + place(document) +
         " and has to wait" + since_last_line(returned);
}

}  // namespace troupe
