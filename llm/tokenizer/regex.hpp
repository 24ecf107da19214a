#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace edgefuse::llm::tokenizing {

/// A part of a UTF-8 text, in bytes: [begin, end).
struct Extent {
  std::size_t begin = 0;
  std::size_t end = 0;

  [[nodiscard]] std::string_view of(std::string_view text) const { return text.substr(begin, end - begin); }
  bool operator==(const Extent&) const = default;
};

/// A compiled Unicode regular expression. It is immutable, so threads may share it.
class Regex {
 public:
  /// Throws std::invalid_argument that names what is wrong with `pattern`.
  explicit Regex(std::string_view pattern);
  Regex(Regex&&) noexcept;
  Regex& operator=(Regex&&) noexcept;
  ~Regex();

  /// All matches from left to right; none overlap. `text` must be well-formed UTF-8.
  [[nodiscard]] std::vector<Extent> find_all(std::string_view text) const;

 private:
  struct Compiled;
  std::unique_ptr<const Compiled> compiled_;
};

/// All places of `literal` in `text`, from left to right; none overlap. `literal` must not be empty.
[[nodiscard]] std::vector<Extent> find_literal(std::string_view text, std::string_view literal);

/// `text` with the parts in `places` replaced by `content`.
[[nodiscard]] std::string with_replaced(std::string_view text, const std::vector<Extent>& places,
                                        std::string_view content);

}  // namespace edgefuse::llm::tokenizing
