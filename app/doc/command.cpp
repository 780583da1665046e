#include "app/doc/command.hpp"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>

namespace troupe {

namespace {

constexpr std::string_view standard_stream = "-";
constexpr std::size_t input_size_max = std::size_t{1} << 30;

tl::unexpected<std::string> wrong(const std::string& name, std::string_view what) {
  return tl::unexpected(name + ": " + std::string{what});
}

/// Everything up to the end, if that is not beyond input_size_max.
tl::expected<doc_input, std::string> read_stream(std::istream& in, const std::string& name) {
  doc_input input{name, {}};
  char chunk[65536];
  while (in.read(chunk, sizeof chunk) || in.gcount() > 0) {
    const auto size = static_cast<std::size_t>(in.gcount());
    if (input.bytes.size() + size > input_size_max) return wrong(name, "larger than 1 GiB");
    input.bytes.insert(input.bytes.end(), chunk, chunk + size);
  }
  if (in.bad()) return wrong(name, "cannot be read");
  return input;
}

tl::expected<doc_input, std::string> read_input(const std::string& path, std::istream& standard) {
  if (path == standard_stream) return read_stream(standard, "standard input");
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) return wrong(path, "is a directory");
  errno = 0;
  std::ifstream file{path, std::ios::binary};
  if (!file) return wrong(path, std::string{"cannot be opened: "} + std::strerror(errno));
  return read_stream(file, path);
}

struct doc_inputs {
  std::vector<doc_input> files;
  std::vector<doc_input> since;  // one, or none
};

tl::expected<doc_inputs, std::string> read_inputs(const doc_request& request,
                                                  std::istream& standard) {
  std::vector<std::string> paths = request.files;
  if (request.since) paths.push_back(*request.since);
  if (std::count(paths.begin(), paths.end(), standard_stream) > 1)
    return tl::unexpected<std::string>("standard input: can be named only once");
  doc_inputs inputs;
  for (std::size_t i = 0; i < paths.size(); ++i) {
    TROUPE_ASSIGN(doc_input input, read_input(paths[i], standard));
    (i < request.files.size() ? inputs.files : inputs.since).push_back(std::move(input));
  }
  return inputs;
}

/// Writes the result where the request says; returns what went wrong, or an empty text.
std::string write_output(const std::string& bytes, const doc_request& request, std::ostream& out) {
  const bool is_file = request.output && *request.output != standard_stream;
  if (!is_file) {
    out.write(bytes.data(), static_cast<std::streamsize>(bytes.size())).flush();
    return out ? "" : "standard output: cannot be written";
  }
  errno = 0;
  std::ofstream file{*request.output, std::ios::binary};
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size())).flush();
  return file ? "" : *request.output + ": cannot be written: " + std::strerror(errno);
}

}  // namespace

int run_doc_command(const doc_request& request, const doc_streams& streams) {
  const auto fail_with = [&](std::string_view line) {
    streams.err << line << '\n';
    return exit_failure;
  };
  if (is_binary(request.action) && !request.output && streams.out_is_terminal)
    return fail_with("standard output: is a terminal and the result is bytes; name a file with -o");
  const auto inputs = read_inputs(request, streams.in);
  if (!inputs) return fail_with(inputs.error());
  const auto result =
      run_doc_tool(request, inputs->files, inputs->since.empty() ? nullptr : inputs->since.data());
  if (!result) return fail_with(result.error());
  const std::string problem = write_output(*result, request, streams.out);
  return problem.empty() ? 0 : fail_with(problem);
}

}  // namespace troupe
