#include "server/fusion/scope.hpp"

#include <utility>

namespace edgefuse::server {

ParameterSpec scope_parameter(std::string meaning, std::vector<std::string> choices) {
  const auto standard = choices.front();
  return {.name = "scope", .standard = standard, .meaning = std::move(meaning), .choices = std::move(choices)};
}

Scope scope_of(const Parameters& parameters) {
  const auto& name = word(parameters, "scope");
  if (name == "row") return Scope::row;
  return name == "tensor" ? Scope::tensor : Scope::model;
}

}  // namespace edgefuse::server
