#pragma once

#include <cstdint>

/// The bounds of a world's sizes, each in one place: the generator enforces them, the scenario schema documents them.
namespace edgefuse::data::atlas {

inline constexpr std::int64_t most_domains = 12;   // words.hpp names so many
inline constexpr std::int64_t most_entities = 64;  // of one domain, public or private
inline constexpr std::int64_t most_relations = 6;
inline constexpr std::int64_t fewest_values = 4;  // a question offers so many
inline constexpr std::int64_t most_values = 12;

}  // namespace edgefuse::data::atlas
