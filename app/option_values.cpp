#include "app/option_values.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>

#include <fmt/format.h>

namespace edgefuse::app {

void OptionValues::note(const std::string& name, std::string problem, std::string remedy) {
  mistakes_.push_back({.key = "--" + name, .problem = std::move(problem), .remedy = std::move(remedy)});
}

void OptionValues::require_above(const char* name, double limit) {
  if (values_.count(name) == 0) return;
  const bool whole = values_[name].value().type() == typeid(std::int64_t);
  const double value = whole ? static_cast<double>(get<std::int64_t>(name)) : get<double>(name);
  if (!(value > limit) || !std::isfinite(value))
    note(name, fmt::format("is {}", value), fmt::format("give a number above {}", limit));
}

bool OptionValues::second_of(const char* name, std::string_view first, std::string_view second) {
  const std::string value = text(name);
  if (value != first && value != second)
    note(name, fmt::format("is \"{}\"", value), fmt::format("give {} or {}", first, second));
  return value == second;
}

std::vector<llm::Projection> OptionValues::projections(const char* name) {
  std::vector<llm::Projection> projections;
  const std::string list = text(name);
  for (std::size_t begin = 0; begin <= list.size();) {
    const std::size_t end = std::min(list.find(',', begin), list.size());
    const std::string word = list.substr(begin, end - begin);
    const auto projection = llm::parse_projection(word);
    if (!projection)
      note(name, fmt::format("\"{}\" is no projection", word), "give some of q,k,v,o,gate,up,down");
    else if (std::ranges::find(projections, *projection) != projections.end())
      note(name, fmt::format("names {} twice", word), "name it once");
    else
      projections.push_back(*projection);
    begin = end + 1;
  }
  std::ranges::sort(projections);
  return projections;
}

void OptionValues::throw_mistakes() const {
  if (!mistakes_.empty()) throw InputError{mistakes_};
}

}  // namespace edgefuse::app
