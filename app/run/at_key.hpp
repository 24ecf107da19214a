#pragma once

#include <string>
#include <utility>
#include <vector>

#include "scenarios/scenario.hpp"
#include "sim/error.hpp"

namespace edgefuse::app {

/// Runs `make`. A mistake about a value, which names no file, is thrown on as one of the scenario's key that
/// `key_of(mistake)` names, with its line; a mistake about a file names that file already.
template <class KeyOf, class Make>
auto with_keys(const scenarios::Scenario& scenario, const KeyOf& key_of, const Make& make) {
  try {
    return make();
  } catch (const InputError& error) {
    std::vector<Mistake> mistakes;
    for (const auto& m : error.mistakes())
      mistakes.push_back(m.file.empty() ? scenario.source.mistake(key_of(m), m.problem, m.remedy) : m);
    throw InputError{std::move(mistakes)};
  }
}

/// The same where one key is to blame for all.
template <class Make>
auto at_key(const scenarios::Scenario& scenario, const std::string& key, const Make& make) {
  return with_keys(
      scenario, [&](const Mistake&) { return key; }, make);
}

}  // namespace edgefuse::app
