#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "results/columns.hpp"
#include "sim/sha256.hpp"

namespace edgefuse::results {

/// SHA-256 over values in a fixed encoding: integers as 8 bytes and floats as their IEEE 754 bits, little-endian (every
/// NaN as 0x7ff8000000000000), labels as one byte, text as its length and its bytes. docs/formats/results.md gives the
/// order in which a result is fed to it.
class ValueHash {
 public:
  void add(std::int64_t value);
  void add(double value);
  void add(std::uint8_t value);
  void add(std::string_view value);
  void add(const ColumnData& values);

  [[nodiscard]] std::string hex() const { return hash_.hex(); }

 private:
  sim::Sha256 hash_;
};

/// A column's place in the result's digest.
struct ColumnDigest {
  std::string path;  // "/rounds/energy"
  ColumnType type = ColumnType::number;
  std::int64_t rows = 0;
  std::string hex;  // of all its values
};

/// The digest of a whole result. Columns come in the order of the tables in results/columns.hpp.
[[nodiscard]] std::string result_digest(const RunHeader& header, bool complete,
                                        const std::vector<ColumnDigest>& columns);

}  // namespace edgefuse::results
