#include "data/atlas/words.hpp"

#include "sim/expects.hpp"

namespace edgefuse::data::atlas {
namespace {

using Syllables = std::array<std::string_view, 8>;
using Endings = std::array<std::string_view, 4>;

std::string name(const Syllables& first, const Endings& second, std::size_t index) {
  EDGEFUSE_EXPECTS(index < name_words, "name words are numbered from 0 to 31");
  return std::string{first[index / second.size()]} + std::string{second[index % second.size()]};
}

}  // namespace

std::string given_name(std::size_t index) {
  return name({"Ta", "Ke", "Mi", "Zo", "Ru", "Lo", "Ve", "Di"}, {"var", "lin", "rek", "sun"}, index);
}

std::string family_name(std::size_t index) {
  return name({"Bor", "Cal", "Den", "Fos", "Gar", "Hol", "Jun", "Nar"}, {"ith", "ock", "une", "ade"}, index);
}

}  // namespace edgefuse::data::atlas
