// Open-addressing hash map from the orbit keys of simplices to indices. Faster
// here than std::unordered_map by an order of magnitude: no nodes, no erasing.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace amorph {

template <std::size_t Words>
class FlatMap {
public:
    using Key = std::array<std::uint64_t, Words>;

    // Keys begin with the code of an atom below n_atoms. Keys of one atom share a stretch of the
    // table, so that simplices that are close in space are close in memory.
    FlatMap(std::size_t expected, std::size_t n_atoms) : n_atoms_(n_atoms) {
        std::size_t capacity = 64;
        while (capacity < 2 * expected) capacity *= 2;
        resize(capacity);
    }

    // The value stored under `key`; if there is none yet, stores and returns `fresh`.
    std::int32_t find_or_insert(const Key& key, std::int32_t fresh) {
        if (2 * (size_ + 1) > slots_.size()) rehash();
        Slot& slot = probe(key);
        if (slot.value < 0) {
            slot = {key, fresh};
            ++size_;
        }
        return slot.value;
    }

private:
    struct Slot {
        Key key{};
        std::int32_t value = -1;
    };

    std::size_t hash(const Key& key) const {
        std::uint64_t h = 0;
        for (std::size_t i = 1; i < Words; ++i) {
            h = (h ^ key[i]) * 0x9e3779b97f4a7c15ull;
            h ^= h >> 32;
        }
        return (key[0] >> 30) * stretch_ + ((h & 0xffffffff) * stretch_ >> 32);
    }

    void resize(std::size_t capacity) {
        slots_.resize(capacity);
        stretch_ = capacity / n_atoms_ + 1;
    }

    Slot& probe(const Key& key) {
        const std::size_t mask = slots_.size() - 1;
        std::size_t i = hash(key) & mask;
        while (slots_[i].value >= 0 && slots_[i].key != key) i = (i + 1) & mask;
        return slots_[i];
    }

    void rehash() {
        std::vector<Slot> old;
        old.swap(slots_);
        resize(2 * old.size());
        for (const Slot& slot : old)
            if (slot.value >= 0) probe(slot.key) = slot;
    }

    std::vector<Slot> slots_;
    std::size_t n_atoms_, stretch_ = 1, size_ = 0;
};

}  // namespace amorph
