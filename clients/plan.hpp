#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "clients/fleet.hpp"
#include "clients/local_data.hpp"
#include "clients/policy/ratio_policy.hpp"
#include "llm/adapter.hpp"
#include "llm/config.hpp"
#include "llm/costs.hpp"
#include "llm/plan.hpp"
#include "llm/variant.hpp"
#include "sim/link.hpp"
#include "sim/units.hpp"

namespace edgefuse::clients {

/// What the server offers to every client: the same model at several ratios, and adapters of several ranks to train.
struct Offer {
  llm::ModelConfig config;
  std::vector<llm::VariantShape> variants;  // ascending ratio; a Plan's `variant` is an index into this
  llm::LoraSpec adapter;                    // but for its rank, where `ranks` are given
  std::vector<std::int64_t> ranks{};        // ascending; none: the adapter's alone
  /// Of each variant on the calibration text, before any training: exp of the mean negative log-likelihood of its
  /// tokens, finite and above 0. The first variant stands for the base, whose perplexity is a factor common to all.
  /// Nothing where nobody measured it; only policies that say needs_quality() ask for it.
  std::optional<std::vector<double>> perplexities{};
  llm::CostOptions storage{};
};

/// What every client expects of its device, whatever becomes of it.
struct Expectations {
  double background_load = 0;  // share of its speed that other programs take
  Bytes message_overhead{};    // sent with every model and every update
  sim::RateCaps server{};      // what its link can carry for all clients together; no limit behind aggregators
};

/// A client that is invited, its way to the server as it plans with it, and what it would train.
struct Invitee {
  std::uint32_t client = 0;
  sim::Link link;
  Workload workload;
};

/// Turns a client's means into its plan (docs/models/time.md).
class Planner {
 public:
  Planner(Offer offer, const RatioPolicy& policy, Expectations expectations = {});

  /// With its ranks, always.
  [[nodiscard]] const Offer& offer() const { return offer_; }

  /// From now on this client is offered that rank instead of all that are as large or larger.
  void limit_rank(std::uint32_t client, std::int64_t rank);

  /// What each variant would cost this client at each rank: the variants in the offer's order, and each with all ranks
  /// on offer to it.
  /// `link` is the path to the server, the client's own link or what is left of it.
  [[nodiscard]] std::vector<Prospect> prospects(const Fleet& fleet, std::uint32_t client, const sim::Link& link,
                                                const Workload& workload) const;
  /// What its policy says to them.
  [[nodiscard]] Choice choice(const Fleet& fleet, std::uint32_t client, const sim::Link& link,
                              const Workload& workload) const;
  /// The decision of a client invited alone; nothing when no variant will do, and the client sits out.
  [[nodiscard]] std::optional<llm::Plan> plan(const Fleet& fleet, std::uint32_t client, const sim::Link& link,
                                              const Workload& workload) const;
  /// The decisions of those invited together, in their order: by client id.
  [[nodiscard]] std::vector<std::optional<llm::Plan>> plans(const Fleet& fleet,
                                                            std::span<const Invitee> invitees) const;

 private:
  [[nodiscard]] Prospect prospect(const Fleet& fleet, std::uint32_t client, const sim::Link& link,
                                  const Workload& workload, std::uint32_t variant, std::int64_t rank) const;
  [[nodiscard]] std::vector<std::int64_t> ranks_for(std::uint32_t client) const;
  [[nodiscard]] const llm::VariantCost& cost(std::uint32_t variant, std::int64_t rank,
                                             const llm::StepShape& step) const;

  Offer offer_;
  double base_parameters_;
  const RatioPolicy& policy_;
  Expectations expectations_;
  std::map<std::uint32_t, std::int64_t> rank_limits_;  // of clients that have one
  // What variants cost at the ranks that were asked for, for the step that was asked for last: in a fleet whose clients
  // all hold as much, counted once and not for each of a million.
  mutable std::optional<llm::StepShape> costed_;
  mutable std::map<std::pair<std::uint32_t, std::int64_t>, llm::VariantCost> costs_;
};

}  // namespace edgefuse::clients
