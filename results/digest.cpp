#include "results/digest.hpp"

#include <array>
#include <bit>
#include <cmath>
#include <span>

#include "results/schema_version.hpp"

namespace edgefuse::results {
namespace {

std::array<std::byte, 8> little_endian(std::uint64_t bits) {
  std::array<std::byte, 8> bytes;
  for (std::size_t i = 0; i < 8; ++i)
    bytes[i] = static_cast<std::byte>(bits >> (8 * i));
  return bytes;
}

}  // namespace

void ValueHash::add(std::int64_t value) {
  hash_.update(little_endian(static_cast<std::uint64_t>(value)));
}

void ValueHash::add(double value) {
  hash_.update(little_endian(std::isnan(value) ? 0x7ff8000000000000U : std::bit_cast<std::uint64_t>(value)));
}

void ValueHash::add(std::uint8_t value) {
  hash_.update(std::as_bytes(std::span{&value, 1}));
}

void ValueHash::add(std::string_view value) {
  add(static_cast<std::int64_t>(value.size()));
  hash_.update(value);
}

void ValueHash::add(const ColumnData& values) {
  std::visit(
      [this](const auto& all) {
        for (const auto& value : all)
          add(value);
      },
      values);
}

std::string result_digest(const RunHeader& header, bool complete, const std::vector<ColumnDigest>& columns) {
  ValueHash hash;
  hash.add(file_type);
  hash.add(schema_version);
  hash.add(header.name);
  hash.add(header.question);
  hash.add(header.scenario_resolved);
  hash.add(static_cast<std::int64_t>(header.seed));
  hash.add(header.fidelity);
  for (const auto* labels : {&header.event_phases, &header.event_kinds}) {
    hash.add(static_cast<std::int64_t>(labels->size()));
    for (const auto& label : *labels)
      hash.add(label);
  }
  hash.add(std::int64_t{complete});
  for (const auto& column : columns) {
    hash.add(column.path);
    hash.add(static_cast<std::uint8_t>(column.type));
    hash.add(column.rows);
    hash.add(column.hex);
  }
  return hash.hex();
}

}  // namespace edgefuse::results
