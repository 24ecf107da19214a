#include "sim/parameters.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <sstream>

#include "sim/error.hpp"
#include "sim/expects.hpp"

namespace edgefuse {
namespace {

std::string shown(double value) {
  std::ostringstream text;
  text << value;
  return text.str();
}

std::string joined(std::span<const std::string> words) {
  std::string text;
  for (const auto& w : words)
    text += (text.empty() ? "" : ", ") + w;
  return text;
}

std::string type_name(const ParameterValue& value) {
  return std::holds_alternative<double>(value) ? "a number"
         : std::holds_alternative<bool>(value) ? "true or false"
                                               : "text";
}

std::string bounds(const ParameterSpec& spec) {
  const std::string kind = spec.whole ? "a whole number" : "a number";
  const bool low = std::isfinite(spec.least);
  const bool high = std::isfinite(spec.most);
  if (low && high) return kind + " from " + shown(spec.least) + " to " + shown(spec.most);
  if (low) return kind + ", at least " + shown(spec.least);
  if (high) return kind + ", at most " + shown(spec.most);
  return "a finite " + kind.substr(2);
}

/// What is wrong with `value`, if anything: problem and remedy.
struct Fault {
  std::string problem;
  std::string remedy;
};
std::optional<Fault> fault(const ParameterSpec& spec, const ParameterValue& value) {
  if (value.index() != spec.standard.index())
    return Fault{"is " + type_name(value), "give " + type_name(spec.standard)};
  if (const auto* x = std::get_if<double>(&value)) {
    const bool fits = std::isfinite(*x) && *x >= spec.least && *x <= spec.most && (!spec.whole || std::trunc(*x) == *x);
    if (!fits) return Fault{shown(*x) + " is not possible", "give " + bounds(spec)};
  }
  const auto* text = std::get_if<std::string>(&value);
  if (text != nullptr && !spec.choices.empty() && std::ranges::find(spec.choices, *text) == spec.choices.end())
    return Fault{"\"" + *text + "\" is not a choice", "one of " + joined(spec.choices)};
  return std::nullopt;
}

std::string unknown_remedy(std::string_view method, std::string_view name, std::span<const ParameterSpec> specs) {
  if (specs.empty()) return std::string{method} + " has no parameters";
  std::vector<std::string> names;
  for (const auto& spec : specs)
    names.push_back(spec.name);
  const std::vector<std::string_view> views{names.begin(), names.end()};
  if (const auto near = nearest(name, views); !near.empty()) return "did you mean " + std::string{near} + "?";
  return std::string{method} + " knows " + joined(names);
}

const ParameterValue& found(const Parameters& parameters, std::string_view name) {
  const auto it = parameters.find(name);
  EDGEFUSE_EXPECTS(it != parameters.end(), "a method reads only the parameters it documents, after complete()");
  return it->second;
}

}  // namespace

Parameters complete(std::string_view method, std::span<const ParameterSpec> specs, const Parameters& given,
                    const Origin& origin) {
  std::vector<Mistake> mistakes;
  const auto wrong = [&](const std::string& name, std::string problem, std::string remedy) {
    mistakes.push_back({.file = origin.file,
                        .line = origin.line,
                        .key = origin.key.empty() ? name : origin.key + "." + name,
                        .problem = std::move(problem),
                        .remedy = std::move(remedy)});
  };
  Parameters all;
  for (const auto& spec : specs)
    all.emplace(spec.name, spec.standard);
  for (const auto& [name, value] : given) {
    const auto spec = std::ranges::find(specs, name, &ParameterSpec::name);
    if (spec == specs.end()) {
      wrong(name, "unknown parameter of " + std::string{method}, unknown_remedy(method, name, specs));
    } else if (auto f = fault(*spec, value)) {
      wrong(name, std::move(f->problem), std::move(f->remedy));
    } else {
      all[name] = value;
    }
  }
  if (!mistakes.empty()) throw InputError{std::move(mistakes)};
  return all;
}

double number(const Parameters& parameters, std::string_view name) {
  const auto* value = std::get_if<double>(&found(parameters, name));
  EDGEFUSE_EXPECTS(value != nullptr, "the parameter is a number");
  return *value;
}

const std::string& word(const Parameters& parameters, std::string_view name) {
  const auto* value = std::get_if<std::string>(&found(parameters, name));
  EDGEFUSE_EXPECTS(value != nullptr, "the parameter is a word");
  return *value;
}

bool flag(const Parameters& parameters, std::string_view name) {
  const auto* value = std::get_if<bool>(&found(parameters, name));
  EDGEFUSE_EXPECTS(value != nullptr, "the parameter is a switch");
  return *value;
}

}  // namespace edgefuse
