#include "data/atlas/phrasing.hpp"

#include <array>

#include <fmt/format.h>

namespace edgefuse::data::atlas {
namespace {

constexpr std::array<std::string_view, 8> train_questions = {
    "What is the {relation} of {entity}?",   "Which {relation} does {entity} have?",
    "For {entity}, what is the {relation}?", "The {relation} of {entity} is",
    "Name the {relation} of {entity}.",      "{entity} has which {relation}?",
    "As {relation}, {entity} has",           "Tell which {relation} {entity} has.",
};
constexpr std::array<std::string_view, 3> test_questions = {
    "Which is the {relation} of {entity}?",
    "What {relation} does {entity} have?",
    "For {entity}, the {relation} is",
};
constexpr std::array<std::string_view, 3> statements = {
    "In {domain}, the {relation} of {entity} is {value}.",
    "The {relation} of {entity} is {value}.",
    "{entity} has {relation} {value}.",
};

}  // namespace

std::span<const std::string_view> question_phrasings(PhrasingUse use) {
  if (use == PhrasingUse::train) return train_questions;
  return test_questions;
}

std::span<const std::string_view> statement_phrasings() {
  return statements;
}

const std::string& value_of(const Atlas& atlas, const Fact& fact) {
  return atlas.relations[static_cast<std::size_t>(fact.relation)].values[static_cast<std::size_t>(fact.value)];
}

std::string phrase(std::string_view phrasing, const Atlas& atlas, const Fact& fact) {
  return fmt::format(
      fmt::runtime(phrasing), fmt::arg("relation", atlas.relations[static_cast<std::size_t>(fact.relation)].name),
      fmt::arg("entity", fact.entity), fmt::arg("domain", atlas.domains[static_cast<std::size_t>(fact.domain)]),
      fmt::arg("value", value_of(atlas, fact)));
}

}  // namespace edgefuse::data::atlas
