#pragma once

#include <span>
#include <string>
#include <string_view>

#include "data/atlas/atlas.hpp"

namespace edgefuse::data::atlas {

/// Ways to ask for a fact and ways to state it. Text used in training and text used in tests never share a phrasing,
/// for public and private facts alike; tests use no word that training does not.
enum class PhrasingUse : std::uint8_t { train, test };

/// Templates with the places {relation}, {entity}, and for statements also {domain} and {value}.
[[nodiscard]] std::span<const std::string_view> question_phrasings(PhrasingUse use);
[[nodiscard]] std::span<const std::string_view> statement_phrasings();

[[nodiscard]] const std::string& value_of(const Atlas& atlas, const Fact& fact);
/// A template with the words of `fact` in its places.
[[nodiscard]] std::string phrase(std::string_view phrasing, const Atlas& atlas, const Fact& fact);

}  // namespace edgefuse::data::atlas
