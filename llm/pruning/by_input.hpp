#pragma once

#include <array>

#include "llm/module_id.hpp"

namespace edgefuse::llm {

/// One thing for each of the four inputs that the seven projections of a layer multiply.
template <class T>
struct ByInput {
  T attention{};  // q, k, v
  T o{};
  T mlp{};  // gate, up
  T down{};

  [[nodiscard]] T& of(Projection p) { return this->*member(p); }
  [[nodiscard]] const T& of(Projection p) const { return this->*member(p); }

 private:
  static constexpr T ByInput::*member(Projection p) {
    switch (p) {
      case Projection::q:
      case Projection::k:
      case Projection::v:
        return &ByInput::attention;
      case Projection::o:
        return &ByInput::o;
      case Projection::gate:
      case Projection::up:
        return &ByInput::mlp;
      case Projection::down:
        break;
    }
    return &ByInput::down;
  }
};

/// The first projection that reads each of the four.
inline constexpr std::array first_readers = {Projection::q, Projection::o, Projection::gate, Projection::down};

}  // namespace edgefuse::llm
