#include "app/fuse/method_list.hpp"

#include <fmt/format.h>

#include "server/conflict/conflict_resolver.hpp"
#include "server/fusion/fusion_rule.hpp"

namespace edgefuse::app {
namespace {

std::string shown(const ParameterValue& value) {
  if (const auto* number = std::get_if<double>(&value)) return fmt::format("{}", *number);
  if (const auto* word = std::get_if<std::string>(&value)) return *word;
  return std::get<bool>(value) ? "true" : "false";
}

template <class Interface>
std::string list(const Registry<Interface>& registry) {
  std::string text;
  for (const auto& method : registry.methods()) {
    auto name = method.name;
    for (const auto& alias : method.aliases)
      name += ", " + alias;
    text += fmt::format("  {:<24} {}\n", name, method.summary);
    for (const auto& parameter : method.parameters)
      text += fmt::format("      {:<20} {} ({})\n", parameter.name, parameter.meaning, shown(parameter.standard));
  }
  return text;
}

}  // namespace

std::string method_list() {
  return "fusion rules (--method), with their parameters (--set) and defaults\n" + list(server::fusion_rules()) +
         "\nconflict resolvers (--conflict), with their parameters (--conflict-set) and defaults\n" +
         list(server::conflict_resolvers());
}

}  // namespace edgefuse::app
