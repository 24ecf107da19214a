#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

#include "data/atlas/limits.hpp"

/// The words every atlas is made of, whatever its seed: one tokenizer serves all worlds.
namespace edgefuse::data::atlas {

inline constexpr std::array<std::string_view, most_domains> domain_words = {
    "astronomy", "botany",  "chemistry", "drama", "economics", "folklore",
    "geography", "history", "law",       "music", "optics",    "zoology"};

struct RelationWords {
  std::string_view name;
  std::array<std::string_view, most_values> values;
};

inline constexpr std::array<RelationWords, most_relations> relation_words = {{
    {"colour",
     {"red", "blue", "green", "white", "black", "grey", "pink", "brown", "violet", "amber", "purple", "orange"}},
    {"metal",
     {"iron", "copper", "tin", "silver", "zinc", "gold", "nickel", "cobalt", "steel", "bronze", "brass", "chrome"}},
    {"animal", {"wolf", "bear", "fox", "owl", "crow", "deer", "hare", "toad", "swan", "goat", "mole", "lynx"}},
    {"tree", {"oak", "pine", "elm", "birch", "cedar", "maple", "willow", "larch", "beech", "aspen", "alder", "walnut"}},
    {"food", {"rice", "bread", "salt", "honey", "milk", "corn", "beans", "plum", "fig", "butter", "onion", "pepper"}},
    {"tool", {"axe", "saw", "rope", "lamp", "drill", "wheel", "spade", "knife", "needle", "hook", "brush", "ladder"}},
}};

/// Names are "GIVEN FAMILY", each one of so many words.
inline constexpr std::size_t name_words = 32;

/// "Tavar", "Talin", ... and "Borith", "Borock", ...; 0 <= index < name_words.
[[nodiscard]] std::string given_name(std::size_t index);
[[nodiscard]] std::string family_name(std::size_t index);

}  // namespace edgefuse::data::atlas
