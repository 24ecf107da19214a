#pragma once

#include <algorithm>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include "sim/error.hpp"

namespace edgefuse {

/// Gathers the mistakes of steps that do not depend on each other, so that a user learns of all of them at once.
///
///     Mistakes mistakes;
///     auto fleet = mistakes.attempt([&] { return make_fleet(scenario); });
///     auto arms = mistakes.attempt([&] { return make_arms(scenario); });
///     mistakes.finish();  // past this line both are there
class Mistakes {
 public:
  /// One that is there already, found by two ways, is not told twice.
  void add(Mistake mistake) {
    const auto is_it = [&](const Mistake& other) { return other.text() == mistake.text(); };
    if (std::none_of(all_.begin(), all_.end(), is_it)) all_.push_back(std::move(mistake));
  }

  /// What `make` returns, or nothing when it throws InputError: its mistakes are kept. For a `make` that returns
  /// nothing, whether it went well.
  template <class Make>
  auto attempt(const Make& make) {
    using Made = std::invoke_result_t<const Make&>;
    if constexpr (std::is_void_v<Made>) {
      return attempt([&] { return (make(), true); }).has_value();
    } else {
      std::optional<Made> made;
      try {
        made.emplace(make());
      } catch (const InputError& error) {
        for (const auto& mistake : error.mistakes())
          add(mistake);
      }
      return made;
    }
  }

  [[nodiscard]] bool any() const { return !all_.empty(); }
  /// All of them, in the order they were found; none are left.
  [[nodiscard]] std::vector<Mistake> take() { return std::exchange(all_, {}); }
  /// Throws InputError with all of them, when there are any.
  void finish() {
    if (any()) throw InputError{take()};
  }

 private:
  std::vector<Mistake> all_;
};

}  // namespace edgefuse
