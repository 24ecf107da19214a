#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "sim/units.hpp"

namespace edgefuse::app {

/// The books of the cells' aggregators in a round: who waits for which variant, whose updates have come, and when a
/// cell has nobody left to wait for. Time and transfers are the simulation's.
class Aggregators {
 public:
  Aggregators(std::size_t cells, std::size_t variants) : cells_(cells), variants_{variants} {
    for (auto& cell : cells_)
      cell.models.resize(variants);
  }

  enum class Model : std::uint8_t { absent, coming, here };

  /// A new round: nobody has the new version's models.
  void begin_round();
  /// A client joins the round. Says what its cell has of its variant; unless it is here, the client waits for it. The
  /// one who finds it absent makes it come.
  [[nodiscard]] Model join(std::uint32_t cell, std::size_t variant, std::uint32_t client);
  /// The variant is here: those who waited for it, by client id.
  [[nodiscard]] std::vector<std::uint32_t> model_came(std::uint32_t cell, std::size_t variant);

  /// A client's update has come.
  void collect(std::uint32_t cell, std::uint32_t client, Bytes update);
  /// A client of the cell will send nothing.
  void lose(std::uint32_t cell, std::uint32_t client);
  /// Whether a cell's last client has ended and there is something to pass on.
  [[nodiscard]] bool complete(std::uint32_t cell) const;

  /// What a cell has collected.
  [[nodiscard]] const std::vector<std::uint32_t>& collected(std::uint32_t cell) const { return cells_[cell].updates; }
  [[nodiscard]] Bytes collected_bytes(std::uint32_t cell) const { return cells_[cell].bytes; }

  /// A number for a cell's copy of a variant.
  [[nodiscard]] std::uint32_t copy(std::uint32_t cell, std::size_t variant) const {
    return static_cast<std::uint32_t>(cell * variants_ + variant);
  }

 private:
  struct CachedModel {
    Model state = Model::absent;
    std::vector<std::uint32_t> waiting{};
  };
  struct Cell {
    std::vector<CachedModel> models{};
    std::int64_t outstanding = 0;
    std::vector<std::uint32_t> updates{};
    Bytes bytes{};
  };
  std::vector<Cell> cells_;
  std::size_t variants_;
};

}  // namespace edgefuse::app
