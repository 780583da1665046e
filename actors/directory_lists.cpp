// What operators ask about all open documents, or several of them. Functions of the class
// directory.
#include "actors/directory.hpp"

#include <algorithm>

#include "actors/gather.hpp"
#include "actors/survey.hpp"

namespace troupe {

namespace {

/// Documents of one slice of a survey.
constexpr std::size_t survey_slice_max = 256;

}  // namespace

/// Each document of the page reports its own figures; one that is ending has none.
caf::result<listed_documents> directory::on_list(const list_documents& which) {
  std::vector<std::string> names;
  if (!which.only.empty()) {
    if (documents_.contains(which.only)) names.push_back(which.only);
  } else {
    for (const auto& [name, opened] : documents_)
      if (name > which.after) names.push_back(name);
  }
  const std::size_t on_page = std::min(names.size(), which.limit);
  std::ranges::partial_sort(names, names.begin() + static_cast<std::ptrdiff_t>(on_page));
  listed_documents page{
      .documents = {}, .count = documents_.size(), .has_more = on_page < names.size()};
  names.resize(on_page);
  std::vector<document_actor> asked;
  for (std::string& name : names) {
    const entry& of = documents_.at(name);
    asked.push_back(of.document);
    page.documents.push_back({.name = std::move(name), .is_unloading = of.is_unloading});
  }
  return gather(this, asked, describe_document{}, std::move(page),
                [](listed_documents& all, const document_info& part) {
                  const auto row =
                      std::ranges::lower_bound(all.documents, part.name, {}, &document_info::name);
                  const bool is_unloading = row->is_unloading;
                  *row = part;
                  row->is_unloading = is_unloading;
                });
}

surveyed_documents directory::on_survey(const survey_documents& which) {
  surveyed_documents heard;
  const survey_slice slice = visit_slice(
      documents_, which.from, std::clamp<std::size_t>(which.limit, 1, survey_slice_max),
      [&](const auto& each) {
        heard.documents.push_back({each.first, each.second.document, each.second.is_unloading});
      });
  heard.next = slice.next;
  heard.has_more = slice.has_more;
  heard.begins_anew = slice.begins_anew;
  heard.count = documents_.size();
  return heard;
}

std::vector<document_actor> directory::open_of(const std::vector<std::string>& names) const {
  std::vector<document_actor> open;
  for (const std::string& name : names)
    if (const auto found = documents_.find(name); found != documents_.end())
      open.push_back(found->second.document);
  return open;
}

caf::result<settled_documents> directory::on_settle(const settle_documents& which) {
  return gather(this, open_of(which.names), settle_documents{}, settled_documents{},
                [](settled_documents& all, const settled_documents& part) {
                  all.names.insert(all.names.end(), part.names.begin(), part.names.end());
                });
}

/// The documents named report what the sessions show; the answer goes out when the last has
/// answered.
caf::result<listed_presence> directory::on_list_presence(const list_presence& which) {
  return gather(this, open_of(which.documents), which, listed_presence{},
                [](listed_presence& all, const listed_presence& part) {
                  all.states.insert(all.states.end(), part.states.begin(), part.states.end());
                });
}

}  // namespace troupe
