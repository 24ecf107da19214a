#include "llm/safetensors.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <limits>
#include <optional>
#include <set>
#include <span>
#include <utility>

#include <ATen/ATen.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "llm/safetensors_format.hpp"
#include "sim/error.hpp"
#include "sim/expects.hpp"

static_assert(std::endian::native == std::endian::little, "safetensors are little-endian and read without swapping");

namespace edgefuse::llm {
namespace {

using nlohmann::json;
using Entries = std::map<std::string, TensorEntry, std::less<>>;

// The reference implementation refuses longer headers too.
constexpr std::uint64_t longest_header = 100'000'000;
constexpr std::string_view download_again = "the file is damaged: download or write it again";
constexpr std::size_t most_listed = 20;

/// Checks a header piece by piece and keeps what it finds wrong.
class HeaderReader {
 public:
  HeaderReader(std::string file, std::uint64_t data_size) : file_{std::move(file)}, data_size_{data_size} {}

  void read(const json& header, Entries& entries, std::map<std::string, std::string>& metadata) {
    for (const auto& [name, value] : header.items()) {
      if (name == "__metadata__") {
        read_metadata(value, metadata);
      } else if (auto entry = read_entry(name, value)) {
        entries.emplace(name, std::move(*entry));
      }
    }
    if (mistakes_.empty()) check_layout(entries);
  }
  void note(std::string key, std::string problem, std::string_view remedy = download_again) {
    mistakes_.push_back(
        {.file = file_, .key = std::move(key), .problem = std::move(problem), .remedy = std::string{remedy}});
  }
  void throw_mistakes() {
    if (mistakes_.empty()) return;
    if (mistakes_.size() > most_listed) {
      const auto more = mistakes_.size() - most_listed;
      mistakes_.resize(most_listed);
      note({}, fmt::format("and {} more mistakes like these", more));
    }
    throw InputError{std::move(mistakes_)};
  }

 private:
  void read_metadata(const json& value, std::map<std::string, std::string>& metadata) {
    if (!value.is_object()) return note("__metadata__", "is not an object of strings");
    for (const auto& [key, text] : value.items()) {
      if (!text.is_string()) {
        note("__metadata__." + key, "is not a string");
      } else {
        metadata.emplace(key, text.get<std::string>());
      }
    }
  }

  std::optional<TensorEntry> read_entry(const std::string& name, const json& value) {
    const auto refuse = [&](std::string problem, std::string_view remedy = download_again) {
      note(name, std::move(problem), remedy);
      return std::nullopt;
    };
    if (!value.is_object()) return refuse("is not described by an object");
    const json dtype = value.value("dtype", json{});
    const json shape = value.value("shape", json{});
    const json offsets = value.value("data_offsets", json{});
    const auto is_size = [](const json& number) { return number.is_number_unsigned(); };
    if (!dtype.is_string()) return refuse("has no dtype");
    if (!shape.is_array() || !std::all_of(shape.begin(), shape.end(), is_size)) {
      return refuse("has no shape of whole numbers from 0 up");
    }
    if (!offsets.is_array() || offsets.size() != 2 || !std::all_of(offsets.begin(), offsets.end(), is_size)) {
      return refuse("has no pair of data_offsets from 0 up");
    }
    const auto type = dtype_of(dtype.get<std::string>());
    if (!type) {
      return refuse(fmt::format("has the unsupported dtype {}", dtype.get<std::string>()),
                    "convert the tensor to F32, F16 or BF16");
    }
    TensorEntry entry;
    entry.dtype = *type;
    entry.begin = offsets[0].get<std::uint64_t>();
    entry.end = offsets[1].get<std::uint64_t>();
    if (entry.begin > entry.end || entry.end > data_size_) {
      return refuse(fmt::format("lies at bytes {} to {} of only {} in the file", entry.begin, entry.end, data_size_));
    }
    const auto bytes = size_in_bytes(shape, *type);
    if (!bytes || *bytes != entry.end - entry.begin) {
      return refuse(fmt::format("of shape {} and dtype {} needs {}, not the {} bytes the file gives it", shape.dump(),
                                dtype.get<std::string>(),
                                bytes ? fmt::format("{} bytes", *bytes) : std::string{"more than any file can hold"},
                                entry.end - entry.begin));
    }
    entry.shape = shape.get<std::vector<std::int64_t>>();
    return entry;
  }

  /// Empty when the product overflows a signed 64-bit integer.
  static std::optional<std::uint64_t> size_in_bytes(const json& shape, at::ScalarType type) {
    constexpr std::uint64_t most = std::numeric_limits<std::int64_t>::max();
    std::uint64_t bytes = c10::elementSize(type);
    for (const auto& dimension : shape) {
      const auto size = dimension.get<std::uint64_t>();
      if (size > most || (size != 0 && bytes > most / size)) return std::nullopt;
      bytes *= size;
    }
    return bytes;
  }

  /// Every byte belongs to exactly one tensor.
  void check_layout(const Entries& entries) {
    std::vector<std::pair<const std::string*, const TensorEntry*>> order;
    for (const auto& [name, entry] : entries)
      order.emplace_back(&name, &entry);
    std::sort(order.begin(), order.end(), [](const auto& a, const auto& b) {
      return std::pair{a.second->begin, a.second->end} < std::pair{b.second->begin, b.second->end};
    });
    std::uint64_t end = 0;
    for (const auto& [name, entry] : order) {
      if (entry->begin != end) {
        note(*name, fmt::format("begins at byte {} where the tensor before it ends at {}: {}", entry->begin, end,
                                entry->begin < end ? "they overlap" : "there is a hole"));
      }
      end = std::max(end, entry->end);
    }
    if (end != data_size_) note({}, fmt::format("holds {} bytes after its last tensor", data_size_ - end));
  }

  std::string file_;
  std::uint64_t data_size_;
  std::vector<Mistake> mistakes_;
};

/// Parses the header's JSON, noting names that occur twice (a JSON parser keeps the last without a word).
json parse_header(std::span<const std::byte> bytes, HeaderReader& reader) {
  std::set<std::string> seen;
  const auto watch = [&](int depth, json::parse_event_t event, json& value) {
    if (depth == 1 && event == json::parse_event_t::key && !seen.insert(value.get<std::string>()).second) {
      reader.note(value.get<std::string>(), "is described twice");
    }
    return true;
  };
  const auto* text = reinterpret_cast<const char*>(bytes.data());
  try {
    json header = json::parse(text, text + bytes.size(), watch);
    if (header.is_object()) return header;
    reader.note({}, "has a header that is not a JSON object");
  } catch (const json::parse_error& error) {
    reader.note({}, fmt::format("has a header that is not JSON, near its byte {}", error.byte));
  } catch (const json::exception&) {
    reader.note({}, "has a header with a number that no file needs");
  }
  reader.throw_mistakes();
  return {};
}

/// How the file begins: the byte where the tensors' data starts.
std::size_t data_begin(std::span<const std::byte> bytes, const std::string& file) {
  const auto refuse = [&](std::string problem) {
    return InputError{Mistake{.file = file, .problem = std::move(problem), .remedy = std::string{download_again}}};
  };
  if (bytes.size() < length_bytes) {
    throw refuse(fmt::format("is only {} bytes long, too short for a safetensors file", bytes.size()));
  }
  std::uint64_t header = 0;
  std::memcpy(&header, bytes.data(), length_bytes);
  if (header > longest_header) throw refuse(fmt::format("claims a header of {} bytes: no safetensors file", header));
  if (header > bytes.size() - length_bytes) {
    throw refuse(fmt::format("claims a header of {} bytes but has only {} after its first 8", header,
                             bytes.size() - length_bytes));
  }
  return length_bytes + static_cast<std::size_t>(header);
}

}  // namespace

SafetensorsFile::SafetensorsFile(const std::filesystem::path& path) : path_{path}, file_{path} {
  const auto bytes = file_.bytes();
  data_begin_ = data_begin(bytes, path.string());
  HeaderReader reader{path.string(), bytes.size() - data_begin_};
  const json header = parse_header(bytes.subspan(length_bytes, data_begin_ - length_bytes), reader);
  reader.read(header, entries_, metadata_);
  reader.throw_mistakes();
}

at::Tensor SafetensorsFile::read(std::string_view name) const {
  const auto found = entries_.find(name);
  if (found == entries_.end()) {
    throw InputError{Mistake{.file = path_.string(), .key = std::string{name}, .problem = "is not in the file"}};
  }
  const TensorEntry& entry = found->second;
  at::Tensor tensor = at::empty(entry.shape, at::TensorOptions{}.dtype(entry.dtype));
  const auto source = file_.bytes().subspan(data_begin_ + entry.begin, entry.end - entry.begin);
  // Offsets need not be aligned to the element, so nothing may point into the mapping.
  if (!source.empty()) std::memcpy(tensor.data_ptr(), source.data(), source.size());
  return tensor;
}

at::Tensor SafetensorsFile::read(std::string_view name, at::ScalarType dtype) const {
  return read(name).to(dtype);
}

}  // namespace edgefuse::llm
