#include "results/digest.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <span>
#include <utility>

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
        for (std::size_t i = 0; i < all.size(); ++i)
          add(all[i]);
      },
      values);
}

std::string result_digest(std::vector<RootAttribute> attributes, std::vector<DatasetDigest> datasets) {
  std::sort(attributes.begin(), attributes.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  std::sort(datasets.begin(), datasets.end(), [](const auto& a, const auto& b) { return a.path < b.path; });
  ValueHash hash;
  hash.add(static_cast<std::int64_t>(attributes.size()));
  for (const auto& attribute : attributes) {
    hash.add(attribute.name);
    hash.add(static_cast<std::uint8_t>(attribute.value.index()));
    std::visit([&](const auto& value) { hash.add(value); }, attribute.value);
  }
  hash.add(static_cast<std::int64_t>(datasets.size()));
  for (const auto& dataset : datasets) {
    hash.add(dataset.path);
    hash.add(static_cast<std::uint8_t>(dataset.type));
    hash.add(static_cast<std::int64_t>(dataset.labels.size()));
    for (const auto& label : dataset.labels)
      hash.add(label);
    hash.add(dataset.values);
    hash.add(dataset.hex);
  }
  return hash.hex();
}

bool is_part_of_the_result(std::string_view path) {
  return path != "/scenario/written" && path != "/provenance" && !path.starts_with("/provenance/");
}

}  // namespace edgefuse::results
