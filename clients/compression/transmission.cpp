#include "clients/compression/transmission.hpp"

#include <cstddef>
#include <limits>
#include <utility>
#include <vector>

#include "clients/compression/factor_numbers.hpp"
#include "sim/random.hpp"

namespace edgefuse::clients {

llm::Adapter Transmission::received(const llm::Adapter& trained, const llm::Adapter& initial, llm::Factors sent,
                                    std::uint32_t client, std::uint32_t invitation) {
  auto result = trained;
  auto start = initial;
  const auto factors = sent_factors(result, sent);
  const auto began = numbers_of(sent_factors(start, sent));
  auto change = numbers_of(factors);
  for (std::size_t i = 0; i < change.size(); ++i)
    change[i] -= began[i];
  const auto kept = lost_.find(client);
  const bool same =
      kept != lost_.end() && kept->second.rank == trained.spec.rank && kept->second.numbers.size() == change.size();
  for (std::size_t i = 0; same && i < change.size(); ++i)
    change[i] += kept->second.numbers[i];

  auto arrived = change;
  sim::Draws draws{{.seed = seed_, .domain = sim::Domain::compression, .round = invitation, .client = client}};
  compressor_.transmit(arrived, draws);
  auto decoded = began;
  for (std::size_t i = 0; i < decoded.size(); ++i)
    decoded[i] += arrived[i];
  put(decoded, factors);
  if (error_feedback_) {
    for (std::size_t i = 0; i < change.size(); ++i)
      change[i] -= arrived[i];
    lost_[client] = {.rank = trained.spec.rank, .numbers = std::move(change)};
  }
  return result;
}

llm::Adapter downloaded(llm::Adapter held, llm::Factors sent, const Compressor& compressor, std::uint64_t seed,
                        std::uint32_t broadcast) {
  constexpr auto server = std::numeric_limits<std::uint32_t>::max();  // no client has this number
  const auto factors = sent_factors(held, sent);
  auto numbers = numbers_of(factors);
  sim::Draws draws{{.seed = seed, .domain = sim::Domain::compression, .round = broadcast, .client = server}};
  compressor.transmit(numbers, draws);
  put(numbers, factors);
  return held;
}

}  // namespace edgefuse::clients
