#include "app/storage/place.hpp"

#include "app/storage/commands.hpp"

namespace troupe {

namespace {

template <class Store>
opened_store both_of(std::unique_ptr<Store> opened) {
  const std::shared_ptr<Store> store = std::move(opened);
  return {store, store};
}

}  // namespace

bool is_database_url(std::string_view path) noexcept {
  return path.starts_with("postgresql://") || path.starts_with("postgres://");
}

storage::postgresql_settings database_settings(const std::string& url, const std::string& schema) {
  // A statement of a command may read a whole table.
  constexpr std::chrono::minutes patience{10};
  storage::postgresql_settings settings;
  settings.connection = {url, schema, patience, /* tls = */ {}};
  return settings;
}

result<opened_store> open_store(const std::string& path, const std::string& schema) {
  if (is_database_url(path)) {
    TROUPE_ASSIGN(auto opened, storage::postgresql_backend::open(database_settings(path, schema)));
    return both_of(std::move(opened));
  }
  TROUPE_ASSIGN(auto opened, storage::rocksdb_backend::open(tool_settings(path)));
  return both_of(std::move(opened));
}

result<opened_store> inspect_store(const std::string& path, const std::string& schema) {
  if (is_database_url(path)) {
    TROUPE_ASSIGN(auto opened,
                  storage::postgresql_backend::inspect(database_settings(path, schema)));
    return both_of(std::move(opened));
  }
  TROUPE_ASSIGN(auto opened, storage::rocksdb_backend::inspect(tool_settings(path)));
  return both_of(std::move(opened));
}

}  // namespace troupe
