// Open-addressing hash map from small integer keys to indices. Faster here than
// std::unordered_map by an order of magnitude: no nodes, no erasing.
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

    explicit FlatMap(std::size_t expected) {
        std::size_t capacity = 64;
        while (capacity < 2 * expected) capacity *= 2;
        slots_.resize(capacity);
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

    static std::size_t hash(const Key& key) {
        std::uint64_t h = 0;
        for (const std::uint64_t word : key) {
            h = (h ^ word) * 0x9e3779b97f4a7c15ull;
            h ^= h >> 32;
        }
        return h;
    }

    Slot& probe(const Key& key) {
        const std::size_t mask = slots_.size() - 1;
        std::size_t i = hash(key) & mask;
        while (slots_[i].value >= 0 && slots_[i].key != key) i = (i + 1) & mask;
        return slots_[i];
    }

    void rehash() {
        std::vector<Slot> old(2 * slots_.size());
        old.swap(slots_);
        for (const Slot& slot : old)
            if (slot.value >= 0) probe(slot.key) = slot;
    }

    std::vector<Slot> slots_;
    std::size_t size_ = 0;
};

}  // namespace amorph
