#include "sim/availability/npy_matrix.hpp"

#include <bit>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "sim/error.hpp"
#include "sim/input_file.hpp"

namespace edgefuse::sim {
namespace {

static_assert(std::endian::native == std::endian::little, ".npy values are read without swapping");

__extension__ using Wide = unsigned __int128;

constexpr std::string_view magic = "\x93NUMPY";

[[noreturn]] void refuse(const std::string& file, std::string key, std::string problem, std::string remedy) {
  throw InputError{{.file = file, .key = std::move(key), .problem = std::move(problem), .remedy = std::move(remedy)}};
}

/// The header is the text of a Python dictionary; what follows the colon behind `name`, or nothing.
std::string_view entry(std::string_view header, std::string_view name) {
  const auto quoted = fmt::format("'{}'", name);
  const auto found = header.find(quoted);
  if (found == header.npos) return {};
  header.remove_prefix(found + quoted.size());
  const auto begin = header.find_first_not_of(" :");
  return begin == header.npos ? std::string_view{} : header.substr(begin);
}

/// The numbers of a Python tuple "(a, b, ...)" and the text of it; no numbers when it is none.
std::pair<std::vector<std::uint64_t>, std::string> tuple(std::string_view text) {
  const auto shown = text.substr(0, text.find(')') == text.npos ? text.size() : text.find(')') + 1);
  std::vector<std::uint64_t> numbers;
  for (auto rest = shown; !rest.empty();) {
    std::uint64_t n = 0;
    const auto digits = rest.find_first_not_of("(, ");
    if (digits == rest.npos || rest[digits] == ')') break;
    rest.remove_prefix(digits);
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), n);
    if (error != std::errc{}) return {{}, std::string{shown}};
    numbers.push_back(n);
    rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
  }
  return {numbers, std::string{shown}};
}

/// Where the header begins and how long it is (numpy.lib.format: 2 bytes of length in version 1, then 4).
std::pair<std::size_t, std::size_t> header_extent(const std::string& bytes, const std::string& file) {
  if (!bytes.starts_with(magic) || bytes.size() < magic.size() + 2)
    refuse(file, "", "not a NumPy array", "write it with numpy.save");
  const int version = static_cast<unsigned char>(bytes[magic.size()]);
  if (version < 1 || version > 3)
    refuse(file, "", fmt::format("NumPy's format version {} is not known", version), "write version 1, 2 or 3");
  const std::size_t at = magic.size() + 2;
  const std::size_t width = version == 1 ? 2 : 4;
  std::uint32_t length = 0;
  if (bytes.size() >= at + width) std::memcpy(&length, bytes.data() + at, width);
  if (bytes.size() < at + width || bytes.size() - at - width < length)
    refuse(file, "", "ends within its header", "the file was cut short: write it again");
  return {at + width, length};
}

template <class T>
T value(const char* from) {
  T v;
  std::memcpy(&v, from, sizeof v);
  return v;
}

}  // namespace

NpyMatrix::NpyMatrix(const std::filesystem::path& file) : bytes_{read_file(file)} {
  const auto [begin, length] = header_extent(bytes_, file.string());
  data_ = begin + length;
  read_header(bytes_.substr(begin, length), file.string());
}

void NpyMatrix::read_header(const std::string& header, const std::string& file) {
  auto descr = entry(header, "descr");
  if (descr.starts_with('\'')) descr = descr.substr(1, descr.find('\'', 1) - 1);
  if (descr == "<f8") {
    width_ = sizeof(double);
  } else if (descr == "<f4") {
    width_ = sizeof(float);
  } else if (descr == "|u1" || descr == "|b1") {
    width_ = 1;
  } else {
    refuse(file, "dtype", fmt::format("\"{}\" is not read", descr.substr(0, 20)),
           "use little-endian float64 or float32, uint8 or bool");
  }
  const auto order = entry(header, "fortran_order");
  columns_first_ = order.starts_with("True");
  if (!columns_first_ && !order.starts_with("False"))
    refuse(file, "fortran_order", "neither True nor False", "write the file with numpy.save");

  const auto [numbers, text] = tuple(entry(header, "shape"));
  if (numbers.size() != 2)
    refuse(file, "shape", fmt::format("\"{}\" is not that of a matrix", text),
           "give a row for each time step and a column for each device");
  rows_ = numbers[0];
  columns_ = numbers[1];
  if (rows_ == 0 || columns_ == 0)
    refuse(file, "shape", fmt::format("{} has no cells", text),
           "give a row for each time step and a column for each device");
  const Wide cells = Wide{rows_} * columns_;
  const auto there = bytes_.size() - data_;
  if (cells > there || cells * width_ != there)
    refuse(file, "shape", fmt::format("{} of {} bytes each are not the {} bytes of values", text, width_, there),
           "the file was cut short or changed: write it again");
}

double NpyMatrix::at(std::size_t row, std::size_t column) const {
  const auto cell = columns_first_ ? column * rows_ + row : row * columns_ + column;
  const char* from = bytes_.data() + data_ + cell * width_;
  if (width_ == sizeof(double)) return value<double>(from);
  if (width_ == sizeof(float)) return value<float>(from);
  return value<std::uint8_t>(from);
}

}  // namespace edgefuse::sim
