#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <unordered_map>
#include <vector>

namespace edgefuse::results {

/// A column of texts of which many are alike, such as the device classes of a million clients: each different text is
/// held once, and four bytes for every value.
class TextValues {
 public:
  TextValues() = default;
  TextValues(std::initializer_list<std::string> texts) {
    for (const auto& text : texts)
      push_back(text);
  }
  TextValues(TextValues&&) = default;
  TextValues& operator=(TextValues&&) = default;
  [[nodiscard]] std::size_t size() const { return codes_.size(); }
  [[nodiscard]] bool empty() const { return codes_.empty(); }
  [[nodiscard]] const std::string& operator[](std::size_t i) const { return *words_[codes_[i]]; }
  void reserve(std::size_t count) { codes_.reserve(count); }

  void push_back(const std::string& text) {
    const auto [place, is_new] = numbers_.try_emplace(text, static_cast<std::uint32_t>(words_.size()));
    if (is_new) words_.push_back(&place->first);
    codes_.push_back(place->second);
  }

 private:
  std::unordered_map<std::string, std::uint32_t> numbers_;
  std::vector<const std::string*> words_;  // keys of numbers_, which stay where they are
  std::vector<std::uint32_t> codes_;
};

}  // namespace edgefuse::results
