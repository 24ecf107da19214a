#include "scenarios/source.hpp"

#include <algorithm>
#include <utility>

namespace edgefuse::scenarios {

Origin Source::origin(std::string key) const {
  for (std::string around = key; !around.empty();) {
    if (const auto found = keys.find(around); found != keys.end()) {
      return {found->second.file, found->second.line, std::move(key)};
    }
    const auto end = around.find_last_of(".[");
    around.resize(end == std::string::npos ? 0 : end);
  }
  return {file, 0, std::move(key)};
}

Mistake Source::mistake(std::string key, std::string problem, std::string remedy) const {
  auto place = origin(std::move(key));
  return {std::move(place.file), place.line, std::move(place.key), std::move(problem), std::move(remedy)};
}

std::vector<Mistake> Source::in_order(std::vector<Mistake> mistakes) const {
  const auto place = [this](const Mistake& m) { return m.file == file ? std::pair{0, m.line} : std::pair{1, 0}; };
  std::ranges::stable_sort(mistakes, {}, place);
  return mistakes;
}

}  // namespace edgefuse::scenarios
