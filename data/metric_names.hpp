#pragma once

#include <string_view>

/// Names of the figures that models are judged by, as evaluation computes them and result files spell them.
namespace edgefuse::data::metric {

inline constexpr std::string_view accuracy = "accuracy";                // of questions asked alone; chance 1/4
inline constexpr std::string_view composite_all = "composite_all";      // instances with every answer right; 4^-K
inline constexpr std::string_view composite_each = "composite_each";    // answers within instances; chance 1/4
inline constexpr std::string_view composition_gap = "composition_gap";  // the same questions alone - composite_each
inline constexpr std::string_view loss = "loss";                        // nats per labelled token

}  // namespace edgefuse::data::metric
