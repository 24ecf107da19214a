#include "data/text_file.hpp"

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <system_error>

#include "sim/error.hpp"

namespace edgefuse::data {
namespace {

/// Length of the well-formed sequence that starts at `rest[0]` (Unicode 15, table 3-7), 0 when it is ill-formed.
std::size_t sequence_length(std::string_view rest) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(rest[i]); };
  const auto continues = [&](std::size_t i, unsigned low = 0x80, unsigned high = 0xBF) {
    return i < rest.size() && byte(i) >= low && byte(i) <= high;
  };
  const unsigned lead = byte(0);
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead <= 0xDF) return continues(1) ? 2 : 0;
  if (lead >= 0xE0 && lead <= 0xEF) {
    const unsigned low = lead == 0xE0 ? 0xA0 : 0x80;   // no overlong forms
    const unsigned high = lead == 0xED ? 0x9F : 0xBF;  // no surrogates
    return continues(1, low, high) && continues(2) ? 3 : 0;
  }
  if (lead >= 0xF0 && lead <= 0xF4) {
    const unsigned low = lead == 0xF0 ? 0x90 : 0x80;
    const unsigned high = lead == 0xF4 ? 0x8F : 0xBF;  // nothing above U+10FFFF
    return continues(1, low, high) && continues(2) && continues(3) ? 4 : 0;
  }
  return 0;
}

}  // namespace

std::optional<std::size_t> first_invalid_utf8(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size()) {
    const auto length = sequence_length(text.substr(at));
    if (length == 0) return at;
    at += length;
  }
  return std::nullopt;
}

int line_of(std::string_view text, std::size_t offset) {
  const auto end = text.begin() + static_cast<std::ptrdiff_t>(std::min(offset, text.size()));
  return 1 + static_cast<int>(std::count(text.begin(), end, '\n'));
}

std::string read_text_file(const std::filesystem::path& file) {
  std::error_code status;
  if (!std::filesystem::exists(file, status))
    throw InputError{{.file = file.string(), .problem = "no such file", .remedy = "check the path"}};
  if (!std::filesystem::is_regular_file(file, status))
    throw InputError{{.file = file.string(), .problem = "not a file", .remedy = "name a file, not a folder"}};
  std::ifstream in{file, std::ios::binary};
  std::string text{std::istreambuf_iterator<char>{in}, {}};
  if (!in.is_open() || in.bad())
    throw InputError{{.file = file.string(), .problem = "cannot be read", .remedy = "check its permissions"}};
  if (text.starts_with("\xEF\xBB\xBF")) text.erase(0, 3);
  if (text.empty())
    throw InputError{{.file = file.string(), .problem = "empty", .remedy = "name a file with something in it"}};
  if (const auto bad = first_invalid_utf8(text))
    throw InputError{{.file = file.string(),
                      .line = line_of(text, *bad),
                      .problem = "not valid UTF-8",
                      .remedy = "convert the file, for instance with iconv -t UTF-8"}};
  return text;
}

}  // namespace edgefuse::data
