#include "sim/input_file.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <system_error>

#include "sim/error.hpp"
#include "sim/utf8.hpp"

namespace edgefuse {
namespace {

void refuse_empty(const std::string& bytes, const std::filesystem::path& file) {
  if (bytes.empty())
    throw InputError{{.file = file.string(), .problem = "empty", .remedy = "name a file with something in it"}};
}

}  // namespace

int line_of(std::string_view text, std::size_t offset) {
  const auto end = text.begin() + static_cast<std::ptrdiff_t>(std::min(offset, text.size()));
  return 1 + static_cast<int>(std::count(text.begin(), end, '\n'));
}

std::string read_file(const std::filesystem::path& file) {
  std::error_code status;
  if (!std::filesystem::exists(file, status))
    throw InputError{{.file = file.string(), .problem = "no such file", .remedy = "check the path"}};
  if (!std::filesystem::is_regular_file(file, status))
    throw InputError{{.file = file.string(), .problem = "not a file", .remedy = "name a file, not a folder"}};
  std::ifstream in{file, std::ios::binary};
  std::string bytes{std::istreambuf_iterator<char>{in}, {}};
  if (!in.is_open() || in.bad())
    throw InputError{{.file = file.string(), .problem = "cannot be read", .remedy = "check its permissions"}};
  refuse_empty(bytes, file);
  return bytes;
}

std::string read_text_file(const std::filesystem::path& file) {
  auto text = read_file(file);
  if (text.starts_with("\xEF\xBB\xBF")) text.erase(0, 3);
  refuse_empty(text, file);
  if (const auto bad = first_invalid_utf8(text))
    throw InputError{{.file = file.string(),
                      .line = line_of(text, *bad),
                      .problem = "not valid UTF-8",
                      .remedy = "convert the file, for instance with iconv -t UTF-8"}};
  return text;
}

}  // namespace edgefuse
