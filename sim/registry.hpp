#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/parameters.hpp"

namespace edgefuse {

/// One implementation of a plug-in point: its name in scenario files and other names it goes by, a line for `--help`
/// with its source, its parameters, and how to make it from a completed set of them.
template <class Interface>
struct Method {
  std::string name;
  std::string summary;
  std::vector<ParameterSpec> parameters;
  std::function<std::unique_ptr<Interface>(const Parameters& completed)> make;
  std::vector<std::string> aliases{};
};

/// Throws InputError: `name` is not among `known`, with the nearest one that is. `kind` says what was looked for.
[[noreturn]] void refuse_unknown(std::string_view kind, std::string_view name, std::span<const std::string> known,
                                 const Origin& origin);

/// The methods of one plug-in point, in the order of their documentation. A value: each plug-in point has a function
/// that returns its registry, listing its methods by hand, so nothing depends on static initialisation.
template <class Interface>
class Registry {
 public:
  /// `kind` is the plug-in point in a user's words, such as "fusion rule".
  Registry(std::string kind, std::vector<Method<Interface>> methods)
      : kind_{std::move(kind)}, methods_{std::move(methods)} {}

  [[nodiscard]] std::span<const Method<Interface>> methods() const& { return methods_; }
  /// The span would outlive what it looks at: give the registry a name first.
  std::span<const Method<Interface>> methods() const&& = delete;

  /// Throws InputError for an unknown name or parameter, or a value out of bounds; all of them at once. `origin` is
  /// where the name was written, `settings` the table of the parameters.
  [[nodiscard]] std::unique_ptr<Interface> make(std::string_view name, const Parameters& given, const Origin& origin,
                                                const Origin& settings) const {
    std::vector<std::string> known;
    for (const auto& method : methods_) {
      if (method.name == name || std::ranges::find(method.aliases, name) != method.aliases.end())
        return method.make(complete(method.name, method.parameters, given, settings));
      known.push_back(method.name);
    }
    refuse_unknown(kind_, name, known, origin);
  }
  /// The same where both were written in one place, or nowhere.
  [[nodiscard]] std::unique_ptr<Interface> make(std::string_view name, const Parameters& given = {},
                                                const Origin& origin = {}) const {
    return make(name, given, origin, origin);
  }

 private:
  std::string kind_;
  std::vector<Method<Interface>> methods_;
};

}  // namespace edgefuse
