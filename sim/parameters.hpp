#pragma once

#include <limits>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace edgefuse {

/// A method's parameters as a scenario file or a command line gives them: numbers, words and switches by name.
using ParameterValue = std::variant<double, std::string, bool>;
using Parameters = std::map<std::string, ParameterValue, std::less<>>;

/// One documented parameter. The type of `standard`, its default, is the parameter's type. A number lies in
/// [least, most] and is whole where `whole` says so; a word is one of `choices` unless there are none.
struct ParameterSpec {
  std::string name{};
  ParameterValue standard{};
  std::string meaning{};
  double least = -std::numeric_limits<double>::infinity();
  double most = std::numeric_limits<double>::infinity();
  bool whole = false;
  std::vector<std::string> choices{};
};

/// Where the user wrote what is being read, for messages: `key` is the table or option that holds the parameters.
struct Origin {
  std::string file{};
  int line = 0;
  std::string key{};
};

/// `given` with the default of every parameter it does not name. Throws InputError with every unknown name (and the
/// nearest known one), wrong type and value out of bounds at once. `method` is named in the messages.
[[nodiscard]] Parameters complete(std::string_view method, std::span<const ParameterSpec> specs,
                                  const Parameters& given, const Origin& origin);

/// One parameter of a completed set. That it is there, and of that type, is an invariant.
[[nodiscard]] double number(const Parameters& parameters, std::string_view name);
[[nodiscard]] const std::string& word(const Parameters& parameters, std::string_view name);
[[nodiscard]] bool flag(const Parameters& parameters, std::string_view name);

}  // namespace edgefuse
