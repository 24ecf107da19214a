#pragma once

#include <cstdint>
#include <map>
#include <optional>

#include <ATen/core/Tensor.h>

#include "app/run/base_version.hpp"
#include "app/run/core_basis.hpp"
#include "app/run/start.hpp"
#include "clients/compression/transmission.hpp"
#include "llm/adapter.hpp"
#include "llm/delta.hpp"
#include "llm/module_id.hpp"
#include "llm/pruning/calibration.hpp"
#include "llm/training.hpp"
#include "llm/update.hpp"
#include "scenarios/scenario.hpp"

namespace edgefuse::app {

/// The mask by which a client's variants are cut.
[[nodiscard]] std::size_t mask_of(std::uint32_t client, const BaseVersion& model);

/// The adapters that go down and come up: where clients begin, and what arrives of what they made of it
/// (docs/models/federated-lora.md).
class Exchange {
 public:
  /// Without a compressor numbers arrive as they were sent. All outlive the exchange.
  Exchange(const scenarios::Scenario& scenario, const clients::Compressor* up, const clients::Compressor* down);

  /// Which factors the round from that version trains.
  [[nodiscard]] llm::Factors trained(std::int64_t version) const;
  /// Whether A alone travels, and every client keeps its B from round to round (FedSA-LoRA, 2410.01463).
  [[nodiscard]] bool keeps_b() const { return scenario_.adapter.shares == scenarios::SharedFactors::a; }
  /// Whether matrices between factors that stay are all that is trained and travels (Fed-SB, 2502.15436).
  [[nodiscard]] bool trains_cores() const { return scenario_.adapter.trains == scenarios::TrainedFactors::core; }
  /// The factors of the base with which everybody begins, where that is so and they are carried from then on. Once,
  /// before all that follows; the texts are for a start from their gradient.
  [[nodiscard]] std::optional<llm::ModelDelta> first(const llm::Model& base, const llm::Calibration& public_texts);

  struct Beginning {
    llm::Adapter adapter;
    llm::Cores cores;  // what is trained of it, where that is cores; else empty
  };
  /// Where that client begins; `carried` are the server's factors, of base() of `model`. Several may ask at a time.
  [[nodiscard]] Beginning beginning(const BaseVersion& model, const std::optional<llm::ModelDelta>& carried,
                                    const Start& who) const;
  /// What the server has of an update of cores, a change of all modules of the base: of one that the variant lacks, as
  /// it was. Once for each.
  [[nodiscard]] llm::ModelDelta received_cores(const llm::Update& update, const llm::ModelDelta& carried,
                                               const Start& who);
  /// What the server has of any other update, of the ranks that it has: what arrived, and beside it what the server had
  /// not sent down; B = 0 where clients keep it. Once for each.
  [[nodiscard]] llm::Adapter received(const llm::Update& update, const BaseVersion& model,
                                      const std::optional<llm::ModelDelta>& carried, const Start& who);
  /// The client goes on from its B, when it takes part again with that variant and rank; else from B = 0.
  void keep_b(const llm::Update& update, const Start& who);

 private:
  struct OwnB {
    std::size_t variant = 0;
    std::int64_t rank = 0;
    std::map<llm::ModuleId, at::Tensor> modules;  // [out, rank]
  };
  /// The carried factors as a client has them, and as the server does, which knows them all.
  struct Download {
    llm::Adapter held;
    llm::Adapter sent;
  };
  /// Which factors travel in that round.
  [[nodiscard]] llm::Factors sent(std::int64_t version) const { return keeps_b() ? llm::Factors::a : trained(version); }
  [[nodiscard]] llm::Adapter with_own_b(llm::Adapter adapter, const Start& who) const;
  [[nodiscard]] llm::Adapter fresh(const BaseVersion& model, const Start& who) const;
  [[nodiscard]] Download download(const BaseVersion& model, const llm::ModelDelta& carried, const Start& who) const;
  [[nodiscard]] Download download_of_cores(const llm::ModelDelta& carried, const Start& who) const;
  [[nodiscard]] Download encoded(llm::Adapter held, llm::Factors travels, std::size_t broadcast) const;

  const scenarios::Scenario& scenario_;
  const clients::Compressor* down_;
  std::optional<clients::Transmission> up_;
  std::map<std::uint32_t, OwnB> own_b_;  // of clients that took part
  std::optional<CoreBasis> basis_;       // where cores are trained
};

}  // namespace edgefuse::app
