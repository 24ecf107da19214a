#pragma once

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string_view>

namespace edgefuse::llm::tokenizing {

/// Bytes that are no protocol buffer.
class BadWireFormat : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A field of a message: which of the two holds its value depends on the field's type.
struct WireField {
  std::uint64_t number = 0;
  std::uint64_t scalar = 0;  // varints, and fixed32 and fixed64 as their bits
  std::string_view bytes;    // strings and messages; a view of the input

  [[nodiscard]] float as_float() const;
  [[nodiscard]] bool as_bool() const { return scalar != 0; }
};

/// Reads the fields of one protocol-buffer message in the order they are written
/// (https://protobuf.dev/programming-guides/encoding). Throws BadWireFormat where the bytes end early or make no sense.
class WireReader {
 public:
  explicit WireReader(std::string_view message) : rest_{message} {}

  /// The next field, or empty at the end.
  [[nodiscard]] std::optional<WireField> next();

 private:
  std::uint64_t varint();
  std::string_view take(std::uint64_t count);
  std::uint64_t fixed(std::uint64_t width);

  std::string_view rest_;
};

}  // namespace edgefuse::llm::tokenizing
