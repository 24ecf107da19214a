#pragma once

#include <functional>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "scenarios/codec.hpp"

namespace edgefuse::scenarios {

/// What is wrong with a value, and what would mend it.
struct Complaint {
  std::string problem;
  std::string remedy;
};

/// One key of a table whose values go into an `Owner`: how to read, write and explain it. One list of these drives the
/// parser, the resolved scenario and the reference page.
template <class Owner>
struct Key {
  std::string name;
  std::string type;  // what may be written, range included
  std::string doc;
  std::string default_text;  // for defaults that depend on other keys; else the default is what `Owner{}` writes
  bool required = false;
  std::function<std::optional<Complaint>(Owner&, const Node&)> read;
  std::function<std::optional<std::string>(const Owner&)> write;  // TOML; nothing for an optional that is not set

  [[nodiscard]] Key by_default(std::string text) && {
    default_text = std::move(text);
    return std::move(*this);
  }
  [[nodiscard]] Key always() && {
    required = true;
    return std::move(*this);
  }
};

template <class T>
inline constexpr bool is_optional = false;
template <class T>
inline constexpr bool is_optional<std::optional<T>> = true;

template <class Owner, class Member, class Codec>
[[nodiscard]] Key<Owner> key(std::string name, Member Owner::*member, Codec codec, std::string doc) {
  Key<Owner> result{std::move(name), codec.describe(), std::move(doc), {}, false, {}, {}};
  result.read = [member, codec](Owner& owner, const Node& node) -> std::optional<Complaint> {
    auto parsed = codec.read(node);
    if (!parsed) return Complaint{std::move(parsed.problem), std::move(parsed.remedy)};
    if constexpr (is_optional<Member>) {
      owner.*member = std::move(*parsed.value);
    } else {
      owner.*member = static_cast<Member>(std::move(*parsed.value));
    }
    return {};
  };
  result.write = [member, codec](const Owner& owner) -> std::optional<std::string> {
    if constexpr (is_optional<Member>) {
      if (!(owner.*member)) return {};
      return codec.write(*(owner.*member));
    } else {
      return codec.write(static_cast<typename Codec::Value>(owner.*member));
    }
  };
  return result;
}

/// The same key, of the `Outer` that `inner` finds its owner in.
template <class Outer, class Owner, class Find>
[[nodiscard]] Key<Outer> lift(const Key<Owner>& inner, Find find) {
  Key<Outer> result{inner.name, inner.type, inner.doc, inner.default_text, inner.required, {}, {}};
  result.read = [read = inner.read, find](Outer& outer, const Node& node) { return read(find(outer), node); };
  // Finding changes nothing; the cast saves a second finder for const.
  result.write = [write = inner.write, find](const Outer& outer) { return write(find(const_cast<Outer&>(outer))); };
  return result;
}

}  // namespace edgefuse::scenarios
