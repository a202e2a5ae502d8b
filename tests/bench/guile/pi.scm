;; The first n digits of pi, one by one, by a spigot of big numbers; see pi.sire.
(use-modules (bench))

(define (digits n k low width den sum)
  (if (= n 0)
      sum
      (let* ((odd (+ (* 2 k) 1))
             (low (+ (* low odd) (* width (- k 1))))
             (width (* width k))
             (den (* den odd))
             (d (quotient low den)))
        (if (= d (quotient (+ low width) den))
            (digits (- n 1) (+ k 1) (* 10 (- low (* den d))) (* 10 width) den
                    (modulo (+ (* sum 31) d) 1000003))
            (digits n (+ k 1) low width den sum)))))

(bench (lambda (n) (digits n 1 3 1 1 0)))
