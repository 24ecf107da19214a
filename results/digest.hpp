#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
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

/// An attribute of the file's root.
struct RootAttribute {
  std::string name;
  std::variant<std::int64_t, double, std::string> value;
};

/// A dataset's place in the result's digest: a column's, or a single text's.
struct DatasetDigest {
  std::string path;  // "/rounds/energy"
  ColumnType type = ColumnType::number;
  std::vector<std::string> labels;  // of a label column
  std::int64_t values = 0;          // how many
  std::string hex;                  // of all its values
};

/// The digest of what a file stores, both lists in any order: every attribute of the root but `digest`, and every
/// dataset but those that say who ran a scenario and how it was spelled (is_part_of_the_result). It knows no table, so
/// that a file with more columns than this program has can be checked by it.
[[nodiscard]] std::string result_digest(std::vector<RootAttribute> attributes, std::vector<DatasetDigest> datasets);

/// False for /scenario/written and what lies in /provenance.
[[nodiscard]] bool is_part_of_the_result(std::string_view path);

}  // namespace edgefuse::results
