#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "scenarios/scenario.hpp"
#include "scenarios/tree.hpp"
#include "sim/quantity_text.hpp"

/// A codec is what one type of value means: how it is read and checked, how it is written, and how the reference page
/// describes it. `read` gives a value or what is wrong with the node; `write` gives TOML that reads back the same.
namespace edgefuse::scenarios {

using sim::Parsed;

struct Flag {
  using Value = bool;
  [[nodiscard]] Parsed<bool> read(const Node& node) const;
  [[nodiscard]] std::string write(bool value) const;
  [[nodiscard]] std::string describe() const;
};

struct Whole {
  using Value = std::int64_t;
  std::int64_t min = 0;
  std::int64_t max = std::numeric_limits<std::int64_t>::max();
  [[nodiscard]] Parsed<std::int64_t> read(const Node& node) const;
  [[nodiscard]] std::string write(std::int64_t value) const;
  [[nodiscard]] std::string describe() const;
};

struct Number {
  using Value = double;
  enum class End : std::uint8_t { closed, open };
  double min = 0;
  double max = std::numeric_limits<double>::infinity();
  End at_min = End::closed;
  End at_max = End::closed;
  [[nodiscard]] Parsed<double> read(const Node& node) const;
  [[nodiscard]] std::string write(double value) const;
  [[nodiscard]] std::string describe() const;
};

/// Free text, one line.
struct Text {
  using Value = std::string;
  [[nodiscard]] Parsed<std::string> read(const Node& node) const;
  [[nodiscard]] std::string write(const std::string& value) const;
  [[nodiscard]] std::string describe() const;
};

/// A name of letters, digits and . _ + -: of a run, a method or a device. `what` says which, for the reference page.
struct Name {
  using Value = std::string;
  std::string what;
  [[nodiscard]] Parsed<std::string> read(const Node& node) const;
  [[nodiscard]] std::string write(const std::string& value) const;
  [[nodiscard]] std::string describe() const;
};

/// One of a few words; `Enum`'s values count from 0 in the order of `words`.
struct Words {
  std::vector<std::string_view> words;
  [[nodiscard]] Parsed<std::size_t> read(const Node& node) const;
  [[nodiscard]] std::string describe() const;
};
template <class Enum>
struct Choice {
  using Value = Enum;
  Words words;
  [[nodiscard]] Parsed<Enum> read(const Node& node) const {
    auto index = words.read(node);
    if (!index) return {{}, std::move(index.problem), std::move(index.remedy)};
    return {static_cast<Enum>(*index.value), {}, {}};
  }
  [[nodiscard]] std::string write(Enum value) const {
    return Text{}.write(std::string{words.words[static_cast<std::size_t>(value)]});
  }
  [[nodiscard]] std::string describe() const { return words.describe(); }
};
/// One of a few words, kept as the word.
struct Word {
  using Value = std::string;
  Words words;
  [[nodiscard]] Parsed<std::string> read(const Node& node) const;
  [[nodiscard]] std::string write(const std::string& value) const;
  [[nodiscard]] std::string describe() const;
};

struct Size {
  using Value = Bytes;
  [[nodiscard]] Parsed<Bytes> read(const Node& node) const;
  [[nodiscard]] std::string write(Bytes value) const;
  [[nodiscard]] std::string describe() const;
};
struct Rate {
  using Value = BytesPerSecond;
  [[nodiscard]] Parsed<BytesPerSecond> read(const Node& node) const;
  [[nodiscard]] std::string write(BytesPerSecond value) const;
  [[nodiscard]] std::string describe() const;
};
struct Duration {
  using Value = Seconds;
  [[nodiscard]] Parsed<Seconds> read(const Node& node) const;
  [[nodiscard]] std::string write(Seconds value) const;
  [[nodiscard]] std::string describe() const;
};

struct Wattage {
  using Value = Watts;
  [[nodiscard]] Parsed<Watts> read(const Node& node) const;
  [[nodiscard]] std::string write(Watts value) const;
  [[nodiscard]] std::string describe() const;
};

/// A table of a method's own parameters; which there are, the method knows.
struct ParameterTable {
  using Value = Parameters;
  [[nodiscard]] Parsed<Parameters> read(const Node& node) const;
  [[nodiscard]] std::string write(const Parameters& value) const;
  [[nodiscard]] std::string describe() const;
};

/// Whether a list's items may come in any order and more than once.
enum class Items : std::uint8_t { any, distinct, increasing };

template <class Item>
struct ListOf {
  using Value = std::vector<typename Item::Value>;
  Item item;
  Items items = Items::any;
  std::size_t least = 0;

  [[nodiscard]] Parsed<Value> read(const Node& node) const {
    const auto* list = std::get_if<List>(&node.value);
    if (list == nullptr) {
      return {{}, "is " + std::string{type_name(node)} + ", not a list", "write it in [ ], commas between items"};
    }
    Value values;
    for (const auto& entry : list->items) {
      auto value = item.read(entry);
      if (!value) {
        return {{}, "item " + std::to_string(values.size()) + ": " + value.problem, std::move(value.remedy)};
      }
      for (const auto& earlier : values) {
        if (items != Items::any && earlier == *value.value) {
          return {{}, item.write(*value.value) + " is there twice", "name each once"};
        }
      }
      if constexpr (requires { *value.value < *value.value; }) {
        if (items == Items::increasing && !values.empty() && *value.value < values.back()) {
          return {{}, item.write(*value.value) + " comes after " + item.write(values.back()), "sort the list"};
        }
      }
      values.push_back(std::move(*value.value));
    }
    if (values.size() < least) return {{}, "is empty", "name at least one"};
    return {std::move(values), {}, {}};
  }
  [[nodiscard]] std::string write(const Value& values) const {
    std::string text;
    for (const auto& value : values)
      text += (text.empty() ? "" : ", ") + item.write(value);
    return "[" + text + "]";
  }
  [[nodiscard]] std::string describe() const { return "list, each " + item.describe(); }
};

}  // namespace edgefuse::scenarios
