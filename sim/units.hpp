#pragma once

#include <compare>

namespace edgefuse {

/// A physical quantity whose unit is part of its type: seconds, bytes, floating-point operations and joules multiply
/// and divide as physics does, and a bare number never becomes one by accident. The exponents are those of time,
/// data, work and energy.
///
///     Seconds t = Bytes{8e6} / BytesPerSecond{1e6};   // 8 s
///     Joules e = Watts{5} * t;                        // 40 J
template <int Time, int Data, int Work, int Energy>
struct Quantity {
  double value{};

  constexpr Quantity() = default;
  constexpr explicit Quantity(double v) : value{v} {}

  constexpr Quantity& operator+=(Quantity other) {
    value += other.value;
    return *this;
  }
  constexpr Quantity& operator-=(Quantity other) {
    value -= other.value;
    return *this;
  }
  friend constexpr Quantity operator+(Quantity a, Quantity b) { return Quantity{a.value + b.value}; }
  friend constexpr Quantity operator-(Quantity a, Quantity b) { return Quantity{a.value - b.value}; }
  friend constexpr Quantity operator*(double s, Quantity a) { return Quantity{s * a.value}; }
  friend constexpr Quantity operator*(Quantity a, double s) { return Quantity{a.value * s}; }
  friend constexpr Quantity operator/(Quantity a, double s) { return Quantity{a.value / s}; }
  friend constexpr auto operator<=>(Quantity, Quantity) = default;
};

template <int T1, int D1, int W1, int E1, int T2, int D2, int W2, int E2>
constexpr auto operator*(Quantity<T1, D1, W1, E1> a, Quantity<T2, D2, W2, E2> b) {
  return Quantity<T1 + T2, D1 + D2, W1 + W2, E1 + E2>{a.value * b.value};
}
template <int T1, int D1, int W1, int E1, int T2, int D2, int W2, int E2>
constexpr auto operator/(Quantity<T1, D1, W1, E1> a, Quantity<T2, D2, W2, E2> b) {
  return Quantity<T1 - T2, D1 - D2, W1 - W2, E1 - E2>{a.value / b.value};
}
/// Two quantities of one unit give a plain ratio.
template <int T, int D, int W, int E>
constexpr double operator/(Quantity<T, D, W, E> a, Quantity<T, D, W, E> b) {
  return a.value / b.value;
}

using Seconds = Quantity<1, 0, 0, 0>;
using Bytes = Quantity<0, 1, 0, 0>;
using BytesPerSecond = Quantity<-1, 1, 0, 0>;
using Flops = Quantity<0, 0, 1, 0>;
using FlopsPerSecond = Quantity<-1, 0, 1, 0>;
using Joules = Quantity<0, 0, 0, 1>;
using Watts = Quantity<-1, 0, 0, 1>;

}  // namespace edgefuse
