#include "llm/tokenizer/protobuf.hpp"

#include <bit>

#include <fmt/format.h>

namespace edgefuse::llm::tokenizing {

float WireField::as_float() const {
  return std::bit_cast<float>(static_cast<std::uint32_t>(scalar));
}

std::optional<WireField> WireReader::next() {
  if (rest_.empty()) return std::nullopt;
  const auto tag = varint();
  WireField field{.number = tag >> 3, .scalar = 0, .bytes = {}};
  if (field.number == 0) throw BadWireFormat{"field number 0"};
  switch (tag & 7) {
    case 0:
      field.scalar = varint();
      break;
    case 1:
      field.scalar = fixed(8);
      break;
    case 2:
      field.bytes = take(varint());
      break;
    case 5:
      field.scalar = fixed(4);
      break;
    default:
      throw BadWireFormat{fmt::format("unknown wire type {}", tag & 7)};
  }
  return field;
}

std::uint64_t WireReader::varint() {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    const auto byte = static_cast<std::uint8_t>(take(1).front());
    value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
    if (byte < 0x80) return value;
  }
  throw BadWireFormat{"a number of more than 64 bits"};
}

std::string_view WireReader::take(std::uint64_t count) {
  if (count > rest_.size()) throw BadWireFormat{fmt::format("{} bytes are missing at the end", count - rest_.size())};
  const auto taken = rest_.substr(0, count);
  rest_.remove_prefix(count);
  return taken;
}

std::uint64_t WireReader::fixed(std::uint64_t width) {
  std::uint64_t value = 0;
  unsigned shift = 0;
  for (const char byte : take(width)) {
    value |= static_cast<std::uint64_t>(static_cast<std::uint8_t>(byte)) << shift;
    shift += 8;
  }
  return value;
}

}  // namespace edgefuse::llm::tokenizing
