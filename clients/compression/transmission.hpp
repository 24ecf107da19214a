#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "clients/compression/compressor.hpp"
#include "llm/adapter.hpp"
#include "llm/training.hpp"

namespace edgefuse::clients {

/// What arrives of updates that are sent encoded: the change of the trained factors since the client began, in module
/// order A before B, goes through `compressor`; the server, which knows where the client began, adds it to that.
///
/// With error feedback (1809.07599) a client keeps what was lost on the way and adds it to its next change, as long as
/// that has the same factors: another variant or rank begins anew.
class Transmission {
 public:
  Transmission(const Compressor& compressor, bool error_feedback, std::uint64_t seed)
      : compressor_{compressor}, error_feedback_{error_feedback}, seed_{seed} {}

  /// `trained` and `initial` have the same modules and shapes. `invitation` tells a client's updates apart.
  [[nodiscard]] llm::Adapter received(const llm::Adapter& trained, const llm::Adapter& initial, llm::Factors sent,
                                      std::uint32_t client, std::uint32_t invitation);

 private:
  const Compressor& compressor_;
  bool error_feedback_;
  std::uint64_t seed_;
  struct Lost {
    std::int64_t rank = 0;  // of the adapter whose numbers these are
    std::vector<float> numbers;
  };
  std::map<std::uint32_t, Lost> lost_;  // by client
};

/// What arrives of factors that the server holds and sends down encoded, with top-k the largest of them and 0 for the
/// others (FLASC, 2406.05233). `broadcast` tells apart what is not the same factors: who gets the same ones gets the
/// same bits.
[[nodiscard]] llm::Adapter downloaded(llm::Adapter held, llm::Factors sent, const Compressor& compressor,
                                      std::uint64_t seed, std::uint32_t broadcast);

}  // namespace edgefuse::clients
