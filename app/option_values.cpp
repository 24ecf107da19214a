#include "app/option_values.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "llm/device.hpp"

namespace edgefuse::app {
namespace {

std::optional<double> number_of(const std::string& text) {
  double number = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc{} && stop == text.data() + text.size()) return number;
  return std::nullopt;
}

ParameterValue parameter_value(const std::string& text) {
  if (text == "true" || text == "false") return text == "true";
  if (const auto number = number_of(text)) return *number;
  return text;
}

std::vector<std::string> words_of(const std::string& list) {
  std::vector<std::string> words;
  for (std::size_t begin = 0; begin <= list.size();) {
    const std::size_t end = std::min(list.find(',', begin), list.size());
    words.push_back(list.substr(begin, end - begin));
    begin = end + 1;
  }
  return words;
}

}  // namespace

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

void OptionValues::require_at_most(const char* name, std::int64_t limit) {
  const auto value = get<std::int64_t>(name);
  if (value > limit) note(name, fmt::format("is {}", value), fmt::format("give at most {}", limit));
}

std::size_t OptionValues::choice(const char* name, std::initializer_list<std::string_view> words) {
  const std::string value = text(name);
  const auto* found = std::ranges::find(words, value);
  if (found == words.end()) {
    note(name, fmt::format("is \"{}\"", value), fmt::format("give one of {}", fmt::join(words, ", ")));
    return 0;
  }
  return static_cast<std::size_t>(found - words.begin());
}

double OptionValues::share(const char* name) {
  const auto value = get<double>(name);
  if (!(value >= 0 && value < 1)) note(name, fmt::format("is {}", value), "give a number from 0 to below 1");
  return value;
}

std::vector<llm::Projection> OptionValues::projections(const char* name) {
  std::vector<llm::Projection> projections;
  for (const auto& word : words_of(text(name))) {
    const auto projection = llm::parse_projection(word);
    if (!projection)
      note(name, fmt::format("\"{}\" is no projection", word), "give some of q,k,v,o,gate,up,down");
    else if (std::ranges::find(projections, *projection) != projections.end())
      note(name, fmt::format("names {} twice", word), "name it once");
    else
      projections.push_back(*projection);
  }
  std::ranges::sort(projections);
  return projections;
}

std::vector<std::string> OptionValues::words(const char* name) const {
  return words_of(text(name));
}

std::vector<double> OptionValues::numbers(const char* name) {
  std::vector<double> numbers;
  for (const auto& word : words_of(text(name))) {
    const auto number = number_of(word);
    if (!number || !std::isfinite(*number)) note(name, fmt::format("\"{}\" is no number", word), "write a,b,c");
    numbers.push_back(number.value_or(0));
  }
  return numbers;
}

void OptionValues::require_new_folder(const char* name) {
  std::filesystem::path existing = std::filesystem::absolute(text(name));
  while (!std::filesystem::exists(existing) && existing.has_relative_path())
    existing = existing.parent_path();
  if (!std::filesystem::is_directory(existing))
    note(name, fmt::format("{} is no folder", existing.string()), "name a folder, it may be new");
  else if (::access(existing.c_str(), W_OK) != 0)
    note(name, fmt::format("{} cannot be written to", existing.string()), "name another folder");
}

void OptionValues::require_apart(const char* name, const char* source) {
  if (!given(source)) return;
  std::error_code none;  // what is not there is nobody's source
  if (std::filesystem::equivalent(text(name), text(source), none))
    note(name, fmt::format("is the folder of --{}, which would be lost", source), "name another folder");
}

Parameters OptionValues::settings(const char* name) {
  Parameters parameters;
  if (values_.count(name) == 0) return parameters;
  for (const auto& text : get<std::vector<std::string>>(name)) {
    const auto equals = text.find('=');
    if (equals == 0 || equals == std::string::npos) {
      note(name, fmt::format("\"{}\" is no setting", text), "write name=value");
      continue;
    }
    const auto [place, is_new] =
        parameters.try_emplace(text.substr(0, equals), parameter_value(text.substr(equals + 1)));
    if (!is_new) note(name, fmt::format("sets {} twice", place->first), "set it once");
  }
  return parameters;
}

llm::Precision OptionValues::precision(const char* name) {
  return choice(name, {"fp32", "bf16"}) == 1 ? llm::Precision::bf16 : llm::Precision::fp32;
}

llm::Quantisation OptionValues::quantisation(const char* name) {
  constexpr std::array known = {llm::Quantisation::none, llm::Quantisation::int8, llm::Quantisation::nf4};
  return known[choice(name, {"exact", "int8", "nf4"})];
}

at::Device OptionValues::device(const char* name, bool recompute, int process) {
  const auto chosen = llm::parse_device(text(name), process);
  if (recompute && !chosen.is_cpu()) {
    note(name, fmt::format("{} does not recompute activations", text(name)),
         "train without recomputation, or on the cpu");
    throw_mistakes();
  }
  return chosen;
}

void OptionValues::throw_mistakes() const {
  if (!mistakes_.empty()) throw InputError{mistakes_};
}

unsigned thread_count(const boost::program_options::variables_map& values) {
  const auto wanted = values["threads"].as<std::int64_t>();
  if (wanted < 1 || wanted > 1024)
    throw InputError{{.key = "--threads",
                      .problem = fmt::format("{} threads", wanted),
                      .remedy = "a number from 1 to 1024; results do not depend on it"}};
  return static_cast<unsigned>(wanted);
}

}  // namespace edgefuse::app
