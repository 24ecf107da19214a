#pragma once

#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace edgefuse {

/// One thing a user got wrong, with what would mend it. Empty parts (and line 0) are left out of the text:
///
///     a.toml:12: network.uplink: negative (use a rate above 0 such as "5 MB/s")
struct Mistake {
  std::string file{};
  int line = 0;
  std::string key{};
  std::string problem{};
  std::string remedy{};

  [[nodiscard]] std::string text() const;
};

/// The only exception for a user's mistake; the program ends with exit code 2. It carries every mistake found in one
/// go; what() joins their texts with line breaks.
class InputError : public std::runtime_error {
 public:
  explicit InputError(Mistake mistake);
  explicit InputError(std::vector<Mistake> mistakes);

  [[nodiscard]] std::span<const Mistake> mistakes() const { return mistakes_; }

 private:
  std::vector<Mistake> mistakes_;
};

/// Something failed at run time that no input caused; the program ends with exit code 1.
class RunError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The candidate with the smallest edit distance to `word`, or empty when none is near enough to be meant.
[[nodiscard]] std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates);

}  // namespace edgefuse
