#include "llm/tokenizer/read_file.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "sim/error.hpp"

namespace edgefuse::llm::tokenizing {

std::string read_file(const std::filesystem::path& file) {
  std::ifstream stream{file, std::ios::binary};
  if (!stream || std::filesystem::is_directory(file))
    throw InputError{{.file = file.string(), .problem = "cannot be read"}};
  return {std::istreambuf_iterator<char>{stream}, {}};
}

nlohmann::json parse_json(std::string_view text, std::string_view file) {
  try {
    return nlohmann::json::parse(text);
  } catch (const nlohmann::json::parse_error& error) {
    const auto end = std::min<std::size_t>(error.byte, text.size());
    const auto line = 1 + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(end), '\n');
    const std::string_view what = error.what();
    const auto detail = what.find(": ");
    throw InputError{{.file = std::string{file},
                      .line = static_cast<int>(line),
                      .problem = fmt::format("not valid JSON: {}",
                                             detail == std::string_view::npos ? what : what.substr(detail + 2)),
                      .remedy = "the file may be cut short; fetch it again"}};
  }
}

}  // namespace edgefuse::llm::tokenizing
